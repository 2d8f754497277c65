using Telemetry.Contracts.Faults;

namespace Telemetry.Streams;

/// <summary>Keeps a reader of the log going: one that fails is begun again after a pause that grows while it keeps failing.</summary>
public static class LogFollower
{
    /// <summary>The longest pause, in first pauses.</summary>
    private const int Growth = 8;

    /// <summary>Runs until cancelled; throws nothing.</summary>
    /// <param name="follow">Reads until cancelled or until something fails; begins anew each time.</param>
    /// <param name="failed">Told each failure, with the pause that follows.</param>
    /// <param name="pause">The first pause; it doubles up to eight times as long.</param>
    /// <param name="time">Clock of the pause.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task> follow, Action<Exception, TimeSpan> failed, TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        var restart = new RestartPause(pause, pause * Growth, well: pause * Growth, time);
        while (!cancellationToken.IsCancellationRequested)
        {
            restart.Started();
            try
            {
                await follow(cancellationToken);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception error)
            {
                var delay = restart.Failed();
                failed(error, delay);
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
