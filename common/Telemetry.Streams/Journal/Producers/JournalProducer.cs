using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Core;
using Telemetry.Streams.Journal.Format;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Producers;

/// <summary>Appends to the log.</summary>
internal class JournalProducer(JournalCore journal, ProducerOptions options) : IRecordProducer, IAppendOwner
{
    private long _inFlight;
    private volatile bool _closed;

    protected JournalCore Journal { get; } = journal;

    public virtual bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state) =>
        TryAppend(record, completion, state, null);

    public ValueTask WaitForCapacityAsync(CancellationToken cancellationToken) =>
        new(Journal.Writer.WaitForCapacityAsync(
            () => Volatile.Read(ref _inFlight) < options.InFlightBytesMax && Journal.Writer.HasRoom(1), cancellationToken));

    public ValueTask FlushAsync(CancellationToken cancellationToken) =>
        new(Journal.Writer.SubmitAsync(new CommitRequest(null, [])).WaitAsync(cancellationToken));

    /// <summary>A record is done with, in either way.</summary>
    public void Completed(int bytes) => Interlocked.Add(ref _inFlight, -bytes);

    public virtual async ValueTask DisposeAsync()
    {
        if (!_closed)
        {
            _closed = true;
            await Journal.DrainAsync();
        }

        GC.SuppressFinalize(this);
    }

    protected bool TryAppend(in NewRecord record, IAppendCompletion? completion, ulong state, Func<JournalTransaction>? transaction)
    {
        Journal.Writer.ThrowIfUnusable();
        if (_closed)
        {
            throw new RecordLogException(RecordLogError.Closed, "The producer is closed.");
        }

        var topic = Journal.Topics.Get(record.Topic);
        if (record.Partition is { } partition && (uint)partition >= (uint)topic.Spec.Partitions)
        {
            throw new RecordLogException(
                RecordLogError.UnknownTopic,
                $"Topic '{record.Topic}' has {topic.Spec.Partitions} partitions; there is no partition {partition}.");
        }

        var headersLength = HeadersFormat.Measure(record.Headers);
        var size = (long)record.Key.Length + headersLength + record.Value.Length + record.ValueTail.Length;
        if (size > Journal.Options.RecordBytesMax)
        {
            throw new RecordLogException(
                RecordLogError.RecordTooLarge,
                $"A record of {size} bytes for topic '{record.Topic}' is larger than the limit of " +
                $"{Journal.Options.RecordBytesMax} (JournalOptions.RecordBytesMax).");
        }

        var length = RecordFormat.HeaderSize + (int)size;
        var inFlight = Interlocked.Add(ref _inFlight, length);
        if ((inFlight > options.InFlightBytesMax && inFlight != length) || !Journal.Writer.HasRoom(length))
        {
            Interlocked.Add(ref _inFlight, -length);
            return false;
        }

        Journal.Writer.Appended(length);
        try
        {
            topic.Append(record, headersLength, length, this, transaction?.Invoke(), completion, state);
        }
        catch (RecordLogException)
        {
            Completed(length);
            Journal.Writer.Appended(-length);
            throw;
        }

        Journal.Writer.Signal();
        return true;
    }
}
