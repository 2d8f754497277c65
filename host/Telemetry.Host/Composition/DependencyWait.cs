using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>
/// Waits at the start for what a role needs and does not reach yet: a cluster or server that comes up later than the role.
/// Pauses grow to a bound; what is waited for is told in the log and by readiness.
/// </summary>
internal sealed class DependencyWait(ILogger logger, TimeProvider time)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private volatile string? _waiting;

    /// <summary>What is waited for and why; null when nothing is.</summary>
    public string? Waiting => _waiting;

    /// <summary>Tries until it succeeds, fails for another reason than reachability, or the token fires.</summary>
    /// <exception cref="OperationCanceledException">The token fired; the message says what was waited for.</exception>
    public async Task RunAsync(string what, Func<CancellationToken, ValueTask> attempt, CancellationToken cancellationToken)
    {
        var delay = First;
        while (true)
        {
            try
            {
                // An attempt that does not heed the token is left behind.
                await attempt(cancellationToken).AsTask().WaitAsync(cancellationToken);
                if (_waiting is not null)
                {
                    _waiting = null;
                    HostLog.DependencyReached(logger, what);
                }

                return;
            }
            catch (Exception e) when (IsUnreachable(e) && !cancellationToken.IsCancellationRequested)
            {
                _waiting = $"waiting for {what}: {e.Message}";
                HostLog.DependencyMissing(logger, what, e.Message, delay.TotalSeconds);
                await Task.Delay(delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                delay = delay * 2 < Longest ? delay * 2 : Longest;
            }
            catch (OperationCanceledException e) when (cancellationToken.IsCancellationRequested)
            {
                throw new OperationCanceledException(_waiting ?? $"waiting for {what}", e, cancellationToken);
            }
        }
    }

    /// <summary>True: it may be there later. A server that does not answer in time is as good as not there.</summary>
    private static bool IsUnreachable(Exception exception) =>
        exception is RecordLogException { IsTransient: true } or ClickHouseException { Code: 0 or ClickHouseErrors.TimeoutExceeded };
}
