namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>Looks at something again and again, one look at a time, until it is disposed of; then the look under way is cancelled and waited for.</summary>
internal sealed class PeriodicLook : IAsyncDisposable
{
    private readonly Func<CancellationToken, Task> _look;
    private readonly CancellationTokenSource _stop = new();
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly Task _loop;
    private TaskCompletionSource _asked = New();

    /// <param name="interval">The time between two looks.</param>
    /// <param name="time">The clock.</param>
    /// <param name="look">What is done; an error of it ends the looking and comes out of <see cref="DisposeAsync"/>.</param>
    public PeriodicLook(TimeSpan interval, TimeProvider time, Func<CancellationToken, Task> look)
    {
        (_interval, _time, _look) = (interval, time, look);
        _loop = Task.Run(RunAsync);
    }

    /// <summary>By any thread: looks at once, or again when a look is under way.</summary>
    public void LookNow() => Volatile.Read(ref _asked).TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                await WaitAsync();
                await _look(_stop.Token);
            }
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }

    private async Task WaitAsync()
    {
        await _asked.Task.WaitAsync(_interval, _time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Token.ThrowIfCancellationRequested();
        if (_asked.Task.IsCompleted)
        {
            Volatile.Write(ref _asked, New());
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
