using System.Runtime.InteropServices;

namespace Telemetry.Host.Commands;

/// <summary>
/// SIGINT and SIGTERM ask for an orderly stop; a second one ends the process at once. At Ctrl-C the person at the terminal is told what
/// happens and what comes next. A supervised process leaves SIGINT to its supervisor: a terminal sends Ctrl-C to both.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    /// <summary>What a second one does.</summary>
    public const string Again = " Ctrl-C again ends at once.";

    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration _interrupt;
    private readonly PosixSignalRegistration _terminate;

    private readonly string? _says;
    private readonly bool _supervised;

    /// <param name="says">What the first Ctrl-C begins, a sentence for standard error; null: nothing is said here.</param>
    /// <param name="supervised">Ctrl-C is the supervisor's.</param>
    public StopSignals(string? says, bool supervised = false)
    {
        (_says, _supervised) = (says, supervised);
        _interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal);
        _terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal);
    }

    public CancellationToken Token => _stop.Token;

    /// <summary>What a stop of roles does, for a terminal.</summary>
    /// <param name="most">The longest it may take.</param>
    /// <param name="drain">Whether what is on the log is worked off first.</param>
    public static string OfRoles(TimeSpan most, bool drain) =>
        $"Stopping: nothing more is taken in, {(drain ? "what is on the log is processed and stored" : "work under way is finished")}, then all is closed; at most {most.TotalSeconds:F0} s. "
        + "Nothing acknowledged is lost either way.";

    /// <summary>Completes at the first signal, or when <paramref name="cancellationToken"/> fires.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, cancellationToken);
        await Task.Delay(Timeout.InfiniteTimeSpan, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public void Dispose()
    {
        _interrupt.Dispose();
        _terminate.Dispose();
        _stop.Dispose();
    }

    private void OnSignal(PosixSignalContext context)
    {
        if (_supervised && context.Signal == PosixSignal.SIGINT)
        {
            context.Cancel = true;
        }
        else if (!_stop.IsCancellationRequested)
        {
            context.Cancel = true;
            if (_says is not null && context.Signal == PosixSignal.SIGINT)
            {
                Console.Error.WriteLine();
                Console.Error.WriteLine(_says + Again);
            }

            _stop.Cancel();
        }
        else
        {
            ProcessExit.Now(context.Signal == PosixSignal.SIGINT ? ExitCodes.Interrupted : ExitCodes.Terminated);
        }
    }
}
