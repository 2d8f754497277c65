using Telemetry.Storage.Deletion;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Storage.Sink;

/// <summary>
/// At most one order to delete a device's data, from when its record was met until its rows are gone. Meanwhile the session consumes nothing.
/// </summary>
internal sealed class PendingDeletion(DeviceRemoval removal) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private DeviceDeletion? _order;
    private Task? _work;

    /// <summary>The order's record, with memory of its own; null: there is none.</summary>
    public LogRecord? Record { get; private set; }

    /// <summary>True: the order waits for everything before it to be stored.</summary>
    public bool Waits => Record is not null && _work is null;

    /// <summary>The rows are being deleted; null: not now.</summary>
    public Task? Work => _work;

    /// <summary>False: the record is no such order.</summary>
    public bool Take(in LogRecord record)
    {
        if (DeviceDeletion.Read(record) is not { } order)
        {
            return false;
        }

        _order = order;
        Record = record with { Key = record.Key.ToArray(), Value = default, Headers = order.ToHeaders() };
        return true;
    }

    /// <summary>Begins; everything before the record is stored and behind a checkpoint.</summary>
    public void Start() => _work = removal.RunAsync(Record!.Value, _order!, _stop.Token);

    /// <summary>Gives the record back once its rows are gone; null: not yet.</summary>
    public async ValueTask<LogRecord?> CompleteAsync()
    {
        if (_work is not { IsCompleted: true } work)
        {
            return null;
        }

        await work;
        var record = Record;
        (Record, _order, _work) = (null, null, null);
        return record;
    }

    /// <summary>The partition is about to be another's: waits for what has begun; the next owner meets the record again.</summary>
    public async ValueTask LeaveAsync(IReadOnlyList<TopicPartition> partitions)
    {
        if (Record is { } record && partitions.Any(p => p.Partition == record.Partition))
        {
            await (_work ?? Task.CompletedTask);
            (Record, _order, _work) = (null, null, null);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await (_work ?? Task.CompletedTask).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
