namespace Telemetry.Contracts.Faults;

/// <summary>
/// The one place that sorts exceptions into those that time may mend and those it cannot. Everything that restarts work after an
/// error asks here first, so that a missing library or a wrong setting ends the process instead of becoming a loop.
/// </summary>
public static class Fault
{
    /// <summary>What can end it. What is not known is retried.</summary>
    public static FaultRemedy RemedyOf(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is IFault fault && fault.Remedy != FaultRemedy.Retry)
            {
                return fault.Remedy;
            }

            if (IsIncomplete(cause))
            {
                return FaultRemedy.Installation;
            }
        }

        return FaultRemedy.Retry;
    }

    /// <summary>True: work that fails like this must not be started again; the process ends with <see cref="Explain"/>.</summary>
    /// <param name="exception">How it failed.</param>
    /// <param name="ranBefore">
    /// True: the same work has run well in this process. Then its settings were right once, and a refusal may pass (a certificate
    /// that is being replaced, rights that are being reloaded), so it is waited for.
    /// </param>
    public static bool EndsProcess(Exception exception, bool ranBefore) => RemedyOf(exception) switch
    {
        FaultRemedy.Installation => true,
        FaultRemedy.Settings => !ranBefore,
        _ => false,
    };

    /// <summary>The fault in one sentence, for the person who has to act.</summary>
    public static string Explain(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is IFault)
            {
                return cause.Message;
            }

            if (IsIncomplete(cause))
            {
                var root = cause is TypeInitializationException ? cause.GetBaseException() : cause;
                return $"This installation cannot run here: {FirstLine(root.Message)} Run 'telemetry doctor' to see what is missing, and install again.";
            }
        }

        return exception.Message;
    }

    /// <summary>Code or a library that should be part of the installation is missing or of another version or processor.</summary>
    private static bool IsIncomplete(Exception exception) => exception switch
    {
        // DllNotFoundException and EntryPointNotFoundException are TypeLoadExceptions.
        TypeLoadException or MissingMemberException or BadImageFormatException => true,
        FileNotFoundException { FileName: { } name } => name.Contains(", Version=", StringComparison.Ordinal),
        FileLoadException => true,
        TypeInitializationException { InnerException: { } inner } => IsIncomplete(inner),
        _ => false,
    };

    /// <summary>The loader lists every path it tried, one a line.</summary>
    private static string FirstLine(string message)
    {
        var end = message.AsSpan().IndexOfAny('\r', '\n');
        var line = (end < 0 ? message : message[..end]).TrimEnd();
        return line.EndsWith('.') || line.EndsWith(':') ? line : line + ".";
    }
}
