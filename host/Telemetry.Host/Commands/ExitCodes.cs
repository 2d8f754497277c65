namespace Telemetry.Host.Commands;

/// <summary>How the process ends.</summary>
internal static class ExitCodes
{
    /// <summary>Something the user can mend: settings, a right, a port, a data directory, the installation.</summary>
    public const int UsageError = 2;

    /// <summary>The platform could not go on.</summary>
    public const int Failure = 70;
}
