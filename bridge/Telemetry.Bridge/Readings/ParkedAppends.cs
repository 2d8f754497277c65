using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Bridge.Readings;

/// <summary>
/// Publishes that became several records of which the log took only the first: the rest waits here for room, so that a
/// publish is never half taken. Bounded by <see cref="TryReserve"/>, which comes before the first append.
/// </summary>
internal sealed class ParkedAppends : IAsyncDisposable
{
    private readonly IRecordProducer _producer;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _places;
    private readonly Channel<(PublishRecord[] Records, int Next, PublishInFlight Publish)> _parked;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public ParkedAppends(IRecordProducer producer, int publishesMax, ILogger logger)
    {
        _producer = producer;
        _logger = logger;
        _places = new(publishesMax, publishesMax);
        _parked = Channel.CreateBounded<(PublishRecord[], int, PublishInFlight)>(publishesMax);
        _loop = Task.Run(RunAppendLoopAsync);
    }

    public bool IsFull => _places.CurrentCount == 0;

    /// <summary>Takes a place for one publish; give it back with <see cref="Release"/> or by parking.</summary>
    public bool TryReserve() => !_stop.IsCancellationRequested && _places.Wait(0, CancellationToken.None);

    public void Release() => _places.Release();

    /// <summary>Parks records from <paramref name="next"/> on; the place is given back when all are appended.</summary>
    public void Park(PublishRecord[] records, int next, PublishInFlight publish)
    {
        if (!_parked.Writer.TryWrite((records, next, publish)))
        {
            // A place is held for each publish, so the channel is full only when it is closed.
            Fail(records.Length - next, publish, null);
            Release();
        }
    }

    public async ValueTask WaitForPlaceAsync(CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        _places.Release();
    }

    public async ValueTask DisposeAsync()
    {
        _parked.Writer.TryComplete();
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
        _places.Dispose();
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
        await foreach (var (records, first, publish) in _parked.Reader.ReadAllAsync(CancellationToken.None))
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
                Release();
            }
        }

        if (left > 0)
        {
            Log.ParkedAtStop(_logger, left);
        }
    }
}
