namespace Telemetry.Testing.Servers;

/// <summary>Where a test's server comes from, in the order in which they are tried.</summary>
public enum ServerOrigin
{
    /// <summary>It runs already; an environment variable gives its address. It is not ours to stop or to configure.</summary>
    Environment,

    /// <summary>A process of this machine, started for the test.</summary>
    Process,

    /// <summary>A container, started for the test where a Docker engine answers.</summary>
    Container,
}
