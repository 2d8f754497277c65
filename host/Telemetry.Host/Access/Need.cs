using Telemetry.Edge.Security.Users;

namespace Telemetry.Host.Access;

/// <summary>What an endpoint needs of who calls it; from <see cref="Viewer"/> on, each role has what those before it have.</summary>
internal enum Need
{
    /// <summary>Nothing: health for probes, and the sign-in page with what it consists of.</summary>
    Anyone,

    /// <summary>The MQTT broker asks its own clients for credentials.</summary>
    Broker,

    /// <summary>A viewer, the token for metrics, or a request from this machine.</summary>
    Metrics,

    /// <inheritdoc cref="UserRole.Viewer"/>
    Viewer,

    /// <inheritdoc cref="UserRole.Operator"/>
    Operator,

    /// <inheritdoc cref="UserRole.Engineer"/>
    Engineer,

    /// <inheritdoc cref="UserRole.Administrator"/>
    Administrator,
}

/// <summary>Needs and roles.</summary>
internal static class Needs
{
    /// <summary>The least role that is enough; null where none is needed.</summary>
    public static UserRole? Role(this Need need) => need switch
    {
        Need.Metrics or Need.Viewer => UserRole.Viewer,
        Need.Operator => UserRole.Operator,
        Need.Engineer => UserRole.Engineer,
        Need.Administrator => UserRole.Administrator,
        _ => null,
    };
}
