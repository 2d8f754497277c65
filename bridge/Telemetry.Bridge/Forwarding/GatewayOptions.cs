using System.ComponentModel.DataAnnotations;
using Telemetry.Bridge.Links;

namespace Telemetry.Bridge.Forwarding;

/// <summary>How a gateway reaches the central platform over MQTT.</summary>
public sealed record GatewayOptions : BrokerLinkOptions
{
    /// <summary>Publishes sent to the central platform and not yet acknowledged by it. Default 200; its own limit holds where it is lower.</summary>
    [Range(1, 65_535)]
    public int InFlightMax { get; init; } = 200;

    /// <summary>
    /// Memory that <c>telemetry gateway</c> may take, of which 40 % are for its managed heap; 0: no bound. Default 256 MiB.
    /// <c>DOTNET_GCHeapHardLimit</c> wins.
    /// </summary>
    [Range(0, 1L << 40)]
    public long MemoryBytes { get; init; } = 256L << 20;
}
