using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Bridge.Ingest;

/// <summary>
/// Publishes that became several records of which the log took only the first: the rest waits here for room, so that a
/// publish is never half taken. Bounded in bytes by <see cref="TryReserve"/>, which comes before the records are made.
/// </summary>
internal sealed class ParkedAppends : IAsyncDisposable
{
    private readonly IRecordProducer _producer;
    private readonly ILogger _logger;
    private readonly long _bytesMax;
    private readonly Lock _gate = new();
    private readonly Channel<(PublishRecord[] Records, int Next, PublishInFlight Publish, long Bytes)> _parked =
        Channel.CreateUnbounded<(PublishRecord[], int, PublishInFlight, long)>();

    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;
    private TaskCompletionSource _freed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _bytes;
    private bool _isShort;

    public ParkedAppends(IRecordProducer producer, long bytesMax, ILogger logger)
    {
        _producer = producer;
        _logger = logger;
        _bytesMax = bytesMax;
        _loop = Task.Run(RunAppendLoopAsync);
    }

    /// <summary>Bytes reserved now.</summary>
    public long Bytes
    {
        get
        {
            lock (_gate)
            {
                return _bytes;
            }
        }
    }

    /// <summary>
    /// Takes room for one publish; give it back with <see cref="Release"/> or by parking. One alone always gets it, however large it is.
    /// </summary>
    public bool TryReserve(long bytes)
    {
        lock (_gate)
        {
            if (_stop.IsCancellationRequested || (_bytes > 0 && _bytes + bytes > _bytesMax))
            {
                _isShort = true;
                return false;
            }

            _bytes += bytes;
            return true;
        }
    }

    public void Release(long bytes)
    {
        lock (_gate)
        {
            _bytes -= bytes;
            if (_isShort)
            {
                _isShort = false;
                _freed.TrySetResult();
                _freed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }
        }
    }

    /// <summary>Parks records from <paramref name="next"/> on; the room is given back when all are appended.</summary>
    public void Park(PublishRecord[] records, int next, PublishInFlight publish, long bytes)
    {
        if (!_parked.Writer.TryWrite((records, next, publish, bytes)))
        {
            // Closed: we stop.
            Fail(records.Length - next, publish, null);
            Release(bytes);
        }
    }

    /// <summary>Completes at once unless a reservation was refused since room was last given back.</summary>
    public async ValueTask WaitForRoomAsync(CancellationToken cancellationToken)
    {
        Task freed;
        lock (_gate)
        {
            if (!_isShort)
            {
                return;
            }

            freed = _freed.Task;
        }

        await freed.WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _parked.Writer.TryComplete();
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private static void Fail(int records, PublishInFlight publish, RecordLogException? error)
    {
        error ??= new RecordLogException(RecordLogError.Closed, "The bridge stops; send it again.");
        for (var i = 0; i < records; i++)
        {
            publish.Appended(-1, error, 0);
        }
    }

    private async Task RunAppendLoopAsync()
    {
        var left = 0;
        await foreach (var (records, first, publish, bytes) in _parked.Reader.ReadAllAsync(CancellationToken.None))
        {
            var next = first;
            try
            {
                for (; next < records.Length; next++)
                {
                    while (!records[next].TryAppend(_producer, publish))
                    {
                        await _producer.WaitForCapacityAsync(_stop.Token);
                    }
                }
            }
            catch (Exception exception) when (exception is OperationCanceledException or RecordLogException)
            {
                // The log is closed or has failed, or we stop: the sender hears it and sends again with the same ids.
                left += exception is OperationCanceledException ? 1 : 0;
                Fail(records.Length - next, publish, exception as RecordLogException);
            }
            finally
            {
                Release(bytes);
            }
        }

        if (left > 0)
        {
            Log.ParkedAtStop(_logger, left);
        }
    }
}
