using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>Appends to processing's input what processing itself has to say there. Its producer is made with the first record.</summary>
internal sealed class OwnRecords(IRecordLog log) : IAsyncDisposable
{
    private IRecordProducer? _producer;

    /// <returns>False: the log does not take it now.</returns>
    /// <exception cref="RecordLogException">The log does not take it at all.</exception>
    public bool TryAppend(in NewRecord record) => (_producer ??= log.CreateProducer(new ProducerOptions())).TryAppend(record, null, 0);

    public async ValueTask DisposeAsync()
    {
        if (_producer is { } producer)
        {
            _producer = null;
            await producer.DisposeAsync();
        }
    }
}
