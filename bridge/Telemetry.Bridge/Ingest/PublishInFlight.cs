using System.Diagnostics;
using Microsoft.Extensions.ObjectPool;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>
/// One publish between the log and its sender: counts down the records it became and answers when the last one is durable
/// or has failed. Pooled: after the answer it belongs to the next publish.
/// </summary>
internal sealed class PublishInFlight(ObjectPool<PublishInFlight> pool, BridgeMetrics metrics, LogHealth health) : IAppendCompletion
{
    private IIngestCompletion? _completion;
    private ulong _state;
    private IngestResult _result;
    private PublishCounts _counts;
    private long _startedAt;
    private int _waiting;
    private RecordLogException? _error;
    private Activity? _trace;

    public void Begin(
        IIngestCompletion completion, ulong state, in IngestResult result, in PublishCounts counts, int records, long startedAt)
    {
        _completion = completion;
        _state = state;
        _result = result;
        _counts = counts;
        _startedAt = startedAt;
        _error = null;
        _trace = BridgeTraces.Current;
        Volatile.Write(ref _waiting, records);
    }

    /// <summary>Takes back <see cref="Begin"/> when nothing was appended.</summary>
    public void Abandon()
    {
        _completion = null;
        _trace = null;
        pool.Return(this);
    }

    public void Appended(long offset, RecordLogException? error, ulong state)
    {
        if (error is not null)
        {
            Interlocked.CompareExchange(ref _error, error, null);
        }

        if (Interlocked.Decrement(ref _waiting) == 0)
        {
            Answer();
        }
    }

    private void Answer()
    {
        var completion = _completion!;
        var (state, result, error) = (_state, _result, _error);
        BridgeTraces.End(_trace, error);
        _trace = null;
        health.Report(error);
        if (error is not null)
        {
            metrics.Failed(error.Error);
            result = error.Error == RecordLogError.RecordTooLarge
                ? new(IngestOutcome.RejectedPayload, "The log takes no record as large as this. Send smaller batches.")
                : new(IngestOutcome.Failed, "The log did not take it; send it again.");
        }
        else
        {
            metrics.Answered(_counts, _startedAt);
        }

        _completion = null;
        _result = default;
        _error = null;
        pool.Return(this);
        completion.Ingested(result, state);
    }
}
