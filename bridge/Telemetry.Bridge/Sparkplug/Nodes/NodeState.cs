using System.Text;
using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>
/// What is known of one edge node: births, aliases, counters, what waits. Changed by records of the log alone.
/// <code>
/// unknown ──NBIRTH──> online ──NDEATH of its bdSeq──> offline ──NBIRTH──> online
///                     online ──NBIRTH──> online (devices awaited until their own births)
/// </code>
/// </summary>
internal sealed class NodeState
{
    private const int FixedBytes = 128;

    private readonly NodeTotals _totals;
    private int _counted;
    private int _countedMetrics;

    public NodeState(ReadOnlySpan<byte> key, NodeTotals totals)
    {
        _totals = totals;
        var slash = key.IndexOf((byte)'/');
        Group = key[..Math.Max(0, slash)].ToArray();
        Edge = key[(slash + 1)..].ToArray();
    }

    public byte[] Group { get; }

    public byte[] Edge { get; }

    public string GroupText => Encoding.UTF8.GetString(Group);

    public string EdgeText => Encoding.UTF8.GetString(Edge);

    /// <summary>True from an NBIRTH to the NDEATH that belongs to it.</summary>
    public bool IsOnline { get; set; }

    /// <summary>bdSeq of the newest NBIRTH; null when it had none.</summary>
    public ulong? BdSeq { get; set; }

    /// <summary>Sequence number that comes next.</summary>
    public byte Expected { get; set; }

    /// <summary>Payload timestamp of the newest NBIRTH, milliseconds since 1970; 0 when it had none.</summary>
    public ulong BirthMs { get; set; }

    /// <summary>When the newest NBIRTH was accepted, milliseconds since 1970.</summary>
    public long BornAtMs { get; set; }

    /// <summary>True: messages were lost since the newest NBIRTH, so last values may not hold: STALE.</summary>
    public bool HasGap { get; set; }

    /// <summary>Messages in a row with a number behind the expected one.</summary>
    public int LateInARow { get; set; }

    /// <summary>Why births are wanted; null when they are not.</summary>
    public string? RebirthReason { get; set; }

    /// <summary>When what waits is given up, milliseconds since 1970; 0: nothing waits.</summary>
    public long ReorderDueMs { get; set; }

    /// <summary>When awaited devices count as offline, milliseconds since 1970; 0: none is awaited.</summary>
    public long BirthsDueMs { get; set; }

    public ReorderBuffer Waiting { get; } = new();

    /// <summary>The node as the device of its own metrics; null before its first birth.</summary>
    public DeviceEntry? Self { get; set; }

    /// <summary>Devices by the id that the topic has.</summary>
    public Dictionary<byte[], DeviceEntry> Devices { get; } = new(ByteKeyComparer.Instance);

    /// <summary>The next time at which something falls due; <see cref="long.MaxValue"/>: nothing.</summary>
    public long DueMs => Math.Min(ReorderDueMs == 0 ? long.MaxValue : ReorderDueMs, BirthsDueMs == 0 ? long.MaxValue : BirthsDueMs);

    /// <summary>The entry of the queue of timers that counts; 0: none. Not part of the state.</summary>
    public long QueuedMs { get; set; }

    /// <summary>Bytes of names, aliases and last values.</summary>
    public int TableBytes => FixedBytes + (Self?.Bytes ?? 0) + Devices.Values.Sum(static device => device.Bytes);

    public int MetricCount => (Self?.Metrics.Count ?? 0) + Devices.Values.Sum(static device => device.Metrics.Count);

    public IEnumerable<DeviceEntry> All => Self is null ? Devices.Values : Devices.Values.Prepend(Self);

    /// <summary>Brings the partition's totals up to date. After every change of tables or of what waits.</summary>
    public void Account()
    {
        var (bytes, metrics) = (TableBytes + Waiting.Bytes, MetricCount);
        _totals.Bytes += bytes - _counted;
        _totals.Metrics += metrics - _countedMetrics;
        (_counted, _countedMetrics) = (bytes, metrics);
    }

    /// <summary>The node is forgotten.</summary>
    public void Release()
    {
        _totals.Bytes -= _counted;
        _totals.Metrics -= _countedMetrics;
        _totals.ForgottenMessages += Waiting.Count;
        _counted = _countedMetrics = 0;
    }
}
