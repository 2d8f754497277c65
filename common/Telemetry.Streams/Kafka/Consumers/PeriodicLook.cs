namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>Looks at something again and again, one look at a time, until it is disposed of; then the look under way is cancelled and waited for.</summary>
internal sealed class PeriodicLook : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task> _look;
    private readonly CancellationTokenSource _stop = new();
    private readonly PeriodicTimer _timer;
    private readonly Task _loop;

    /// <param name="interval">The time between two looks.</param>
    /// <param name="time">The clock.</param>
    /// <param name="look">What is done; an error of it ends the looking and comes out of <see cref="DisposeAsync"/>.</param>
    public PeriodicLook(TimeSpan interval, TimeProvider time, Func<CancellationToken, Task> look)
    {
        _look = look;
        _timer = new PeriodicTimer(interval, time);
        _loop = Task.Run(RunAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _timer.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (await _timer.WaitForNextTickAsync(_stop.Token))
            {
                await _look(_stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }
}
