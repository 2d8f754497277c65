using Microsoft.AspNetCore.Http;

namespace Telemetry.Query.Access;

/// <summary>Who asks, as whoever serves this API has found out. It is put among the features of the request.</summary>
/// <param name="Name">User name; null for a caller that nobody asked who it is, as on loopback without users.</param>
/// <param name="Devices">What it sees.</param>
public sealed record Caller(string? Name, DeviceScope Devices)
{
    /// <summary>Nobody in particular, who sees everything.</summary>
    public static Caller Anonymous { get; } = new(null, DeviceScope.All);

    internal static Caller Of(HttpContext context) => context.Features.Get<Caller>() ?? Anonymous;
}
