using System.ComponentModel.DataAnnotations;

namespace Telemetry.Edge;

/// <summary>How much one client, one address or one listener may do. Default: no limit.</summary>
public sealed record LimitOptions
{
    /// <summary>Of one client identifier.</summary>
    public ScopeLimitOptions Client { get; init; } = new();

    /// <summary>Of one address: an IPv4 address, or the /64 network of an IPv6 one. Devices behind one NAT are one address.</summary>
    public ScopeLimitOptions Address { get; init; } = new();

    /// <summary>Of one port that clients connect to.</summary>
    public ScopeLimitOptions Listener { get; init; } = new();

    /// <summary>Seconds' worth of a rate that may be used at once after a time of rest. Default 5.</summary>
    [Range(0.1, 3600)]
    public double BurstSeconds { get; init; } = 5;
}

/// <summary>Limits of one scope; 0, the default of each, for none.</summary>
public sealed record ScopeLimitOptions
{
    /// <summary>Connections at once; one more is refused with 0x97 Quota exceeded (3.1.1: 3).</summary>
    [Range(0, int.MaxValue)]
    public int Connections { get; init; }

    /// <summary>CONNECT packets a second; more are refused with 0x9F Connection rate exceeded (3.1.1: 3).</summary>
    [Range(0, 1e9)]
    public double ConnectsPerSecond { get; init; }

    /// <summary>PUBLISH packets received a second. Over it the connections concerned are read slower; nothing is dropped.</summary>
    [Range(0, 1e9)]
    public double PublishesPerSecond { get; init; }

    /// <summary>Bytes received a second, all packets. Over it the connections concerned are read slower.</summary>
    [Range(0, 1e12)]
    public double BytesPerSecond { get; init; }

    /// <summary>True when there is any limit.</summary>
    internal bool IsOn => Connections > 0 || ConnectsPerSecond > 0 || PublishesPerSecond > 0 || BytesPerSecond > 0;
}
