using Telemetry.Storage.Ownership;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// What was polled from the log and is not consumed yet. The consumer has to be polled now and then also when there is no room: then its
/// partitions are paused, and what was polled before is handed back.
/// </summary>
internal sealed class PolledRecords(IRecordConsumer consumer, StoreLayout layout)
{
    private IReadOnlyList<LogRecord> _records = [];
    private int _at;
    private bool _paused;

    /// <summary>True: <see cref="Take"/> has another one.</summary>
    public bool HasMore => _at < _records.Count;

    /// <summary>Records of the last poll.</summary>
    public int Count => _records.Count;

    public LogRecord Take() => _records[_at++];

    /// <summary>Polls for the next; what there was must be consumed or handed back.</summary>
    public async ValueTask PollAsync(int recordsMax, TimeSpan wait, bool paused, CancellationToken cancellationToken)
    {
        SetPaused(paused);
        _records = await consumer.PollAsync(recordsMax, wait, cancellationToken);
        _at = 0;
    }

    /// <summary>The consumer gives again what was not taken.</summary>
    public void HandBack()
    {
        for (var i = _records.Count - 1; i >= _at; i--)
        {
            consumer.Seek(new TopicPartition(_records[i].Topic, _records[i].Partition), _records[i].Offset);
        }

        _records = [];
        _at = 0;
    }

    /// <summary>Forgets records of partitions that are another's now.</summary>
    public void Keep(IReadOnlyDictionary<int, PartitionState> partitions)
    {
        if (HasMore)
        {
            _records = [.. _records.Skip(_at).Where(r => partitions.ContainsKey(r.Partition))];
            _at = 0;
        }
    }

    private void SetPaused(bool paused)
    {
        if (paused == _paused)
        {
            return;
        }

        _paused = paused;
        if (paused)
        {
            consumer.Pause(consumer.Assignment);
        }
        else
        {
            consumer.Resume([.. consumer.Assignment.Where(p => layout.Holds(p.Partition))]);
        }
    }
}
