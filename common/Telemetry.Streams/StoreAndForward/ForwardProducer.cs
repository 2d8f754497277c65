namespace Telemetry.Streams.StoreAndForward;

/// <summary>Appends to the journal in front of the log, as long as that has room.</summary>
internal sealed class ForwardProducer(ForwardJournal journal, ForwardRoom room, ProducerOptions options) : IRecordProducer
{
    private readonly IRecordProducer _inner = journal.Log.CreateProducer(options);

    public bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state)
    {
        var bytes = record.Key.Length + record.Value.Length + record.ValueTail.Length;
        if (!room.TryTake(bytes))
        {
            return false;
        }

        if (_inner.TryAppend(
            new NewRecord
            {
                Topic = journal.LocalName(record.Topic),
                Key = record.Key,
                Value = record.Value,
                ValueTail = record.ValueTail,
                Headers = record.Headers,
                TimestampMs = record.TimestampMs,
            },
            completion,
            state))
        {
            return true;
        }

        room.GiveBack(bytes);
        return false;
    }

    public async ValueTask WaitForCapacityAsync(CancellationToken cancellationToken)
    {
        await room.WaitAsync(cancellationToken);
        await _inner.WaitForCapacityAsync(cancellationToken);
    }

    public ValueTask FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    public ValueTask DisposeAsync() => _inner.DisposeAsync();
}
