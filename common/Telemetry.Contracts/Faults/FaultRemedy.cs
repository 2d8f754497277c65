namespace Telemetry.Contracts.Faults;

/// <summary>What can end a fault.</summary>
public enum FaultRemedy
{
    /// <summary>Time: a dependency is away, or the cause is not known. Wait and try again.</summary>
    Retry,

    /// <summary>A person: a setting, a right or a file has to be changed. Trying again does not help until then.</summary>
    Settings,

    /// <summary>A new installation: this program cannot run here, for example because a native library is missing.</summary>
    Installation,
}
