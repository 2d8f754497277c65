namespace Telemetry.Streams;

/// <summary>Keeps a reader of the log going: one that fails is begun again after a pause.</summary>
public static class LogFollower
{
    /// <summary>Runs until cancelled; throws nothing.</summary>
    /// <param name="follow">Reads until cancelled or until something fails; begins anew each time.</param>
    /// <param name="failed">Told each failure, before the pause.</param>
    /// <param name="pause">Time between two tries.</param>
    /// <param name="time">Clock of the pause.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public static async Task RunAsync(
        Func<CancellationToken, Task> follow, Action<Exception> failed, TimeSpan pause, TimeProvider time, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
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
                failed(error);
                await Task.Delay(pause, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }
}
