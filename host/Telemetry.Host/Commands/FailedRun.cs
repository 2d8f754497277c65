using Telemetry.Contracts.Faults;

namespace Telemetry.Host.Commands;

/// <summary>Says why a run ends that was not asked to.</summary>
internal static class FailedRun
{
    /// <summary>One sentence where a person has to act; the whole error where a restart may help.</summary>
    /// <returns>The exit code.</returns>
    public static int Report(ILogger logger, Exception fault)
    {
        if (Fault.RemedyOf(fault) == FaultRemedy.Retry)
        {
            HostLog.LogFailed(logger, fault);
            return ExitCodes.Failure;
        }

        Console.Error.WriteLine(Fault.Explain(fault));
        return ExitCodes.UsageError;
    }
}
