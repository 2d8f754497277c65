namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>What all nodes of a partition hold together, kept up by each of them.</summary>
internal sealed class NodeTotals
{
    /// <summary>One unit of the partition's budget, in bytes.</summary>
    public const int UnitBytes = 1024;

    public long Bytes { get; set; }

    public long Metrics { get; set; }

    /// <summary>Messages that waited in nodes that were forgotten.</summary>
    public long ForgottenMessages { get; set; }
}
