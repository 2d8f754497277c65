namespace Telemetry.Host.Commands;

/// <summary>How the process ends.</summary>
internal static class ExitCodes
{
    /// <summary>Something the user can fix: the command line, settings, a right, a port, a data directory, the installation.</summary>
    public const int UsageError = 2;

    /// <summary>The platform could not go on.</summary>
    public const int Failure = 70;

    /// <summary>Ended by Ctrl-C before it was done, as shells have it (128 + SIGINT).</summary>
    public const int Interrupted = 130;

    /// <summary>Ended at once by a second SIGTERM (128 + SIGTERM).</summary>
    public const int Terminated = 143;
}
