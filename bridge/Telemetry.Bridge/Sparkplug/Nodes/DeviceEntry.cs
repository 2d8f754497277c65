namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>A device of a node, or the node itself as the device that its own metrics belong to.</summary>
internal sealed class DeviceEntry(byte[] id, byte[] device, ulong bootId)
{
    private const int FixedBytes = 64;

    /// <summary>As the topic has it; empty for the node itself.</summary>
    public byte[] Id { get; } = id;

    /// <summary>Our device id.</summary>
    public byte[] Device { get; } = device;

    /// <summary>Boot id of its readings: given once, as long as its node is remembered.</summary>
    public ulong BootId { get; } = bootId;

    /// <summary>Sequence of its next reading. With <see cref="BootId"/> the event id: a function of the log alone, so a replay gives the same.</summary>
    public ulong NextSequence { get; set; } = 1;

    /// <summary>True from its birth to its death.</summary>
    public bool IsOnline { get; set; }

    /// <summary>True: it was online when its node was born again, and has not said so itself yet.</summary>
    public bool IsAwaited { get; set; }

    public MetricTable Metrics { get; set; } = new();

    public int Bytes => FixedBytes + Id.Length + Metrics.Bytes;
}
