using Telemetry.Contracts.Readings;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Writing;

namespace Telemetry.Storage.Replay;

/// <summary>A twin of raw for the readings of a span. Gone when disposed, and before the next sink reads markers.</summary>
internal sealed class ShadowTable : IReadingTarget, IAsyncDisposable
{
    private readonly IClickHouse _clickHouse;
    private readonly SinkClaims _claims;
    private readonly long _fromUs;
    private readonly long _toUs;
    private readonly NativeWriter _writer = new();
    private RowBlock _block = new(new NameTable());

    private ShadowTable(IClickHouse clickHouse, SinkClaims claims, string name, long fromUs, long toUs) =>
        (_clickHouse, _claims, Name, _fromUs, _toUs) = (clickHouse, claims, name, fromUs, toUs);

    public string Name { get; }

    /// <summary>Readings not inserted yet.</summary>
    public int Waiting => _block.Count;

    public static async ValueTask<ShadowTable> CreateAsync(
        IClickHouse clickHouse, SinkClaims claims, long fromUs, long toUs, CancellationToken cancellationToken)
    {
        var table = new ShadowTable(clickHouse, claims, NewName(), fromUs, toUs);
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {table.Name} AS readings"), cancellationToken);
        return table;
    }

    /// <summary>A name under which a sink that claims partitions finds and drops what a dead replay has left.</summary>
    public static string NewName() => $"readings_rebuild_{Guid.NewGuid():N}";

    public void Append(int partition, long offset, int month, ReadingBatchBuffer batch, int start, int count)
    {
        var times = batch.EventTimes;
        var end = start + count;
        for (var i = start; i < end; i++)
        {
            var first = i;
            while (i < end && times[i] >= _fromUs && times[i] < _toUs)
            {
                i++;
            }

            if (i > first)
            {
                _block.Append(partition, month, batch, first, i - first);
            }
        }
    }

    public async ValueTask FlushAsync(CancellationToken cancellationToken)
    {
        if (_block.Count == 0)
        {
            return;
        }

        ReadingEncoder.Encode(_writer, [_block], []);
        await _claims.InsertAsync(
            Name, ReadingEncoder.Columns, ReadingEncoder.Structure, _claims.Partitions, _writer.Written, cancellationToken);
        _block.Dispose();
        _block = new RowBlock(new NameTable());
    }

    public async ValueTask DisposeAsync()
    {
        _block.Dispose();
        _writer.Dispose();
        try
        {
            await _clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {Name} SYNC"), CancellationToken.None);
        }
        catch (ClickHouseException)
        {
            // The store is away; the next sink to claim drops it.
        }
    }
}
