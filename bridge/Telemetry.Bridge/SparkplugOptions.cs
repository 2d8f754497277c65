using System.ComponentModel.DataAnnotations;
using Telemetry.Streams.State;

namespace Telemetry.Bridge;

/// <summary>The Sparkplug B host application in the edge role.</summary>
public sealed record SparkplugOptions : IValidatableObject
{
    /// <summary>True (default): publishes of Sparkplug edge nodes (<c>spBv1.0/#</c>) are readings. False: they are ordinary publish and subscribe.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// Host id of this installation, the last level of <c>spBv1.0/STATE/{HostId}</c>; unique among the hosts of a Sparkplug system. Default <c>telemetry</c>.
    /// </summary>
    [Required]
    [StringLength(64)]
    public string HostId { get; init; } = "telemetry";

    /// <summary>True (default): edge nodes whose state is not known are asked for their births. False: another host does that.</summary>
    public bool RequestRebirths { get; init; } = true;

    /// <summary>
    /// How long a message with a sequence number ahead of its turn waits for those before it; then they count as lost and the node is asked
    /// for its births. Default 2 s: this broker keeps the order of a connection, so only edge nodes themselves mix it up.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ReorderTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Most bytes of one node's messages that wait for their turn. Beyond it the missing ones count as lost at once. Default 128 KiB.</summary>
    [Range(1024, 256 * 1024)]
    public int ReorderBytesMax { get; init; } = 128 * 1024;

    /// <summary>Messages in a row whose sequence number lies behind, after which a node has lost its count and is asked for its births. Default 3.</summary>
    [Range(1, 128)]
    public int LateInARowMax { get; init; } = 3;

    /// <summary>A device that was online before the births of its node and is not born again within this time is offline. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan BirthTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>First pause before a node that did not answer is asked again; it doubles up to <see cref="RebirthPauseMax"/>. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan RebirthPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Longest pause before a node is asked again. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan RebirthPauseMax { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Most rebirth requests in one second, over all nodes: births are the largest messages of Sparkplug. Default 10.</summary>
    [Range(1, 10_000)]
    public int RebirthsPerSecondMax { get; init; } = 10;

    /// <summary>Most metrics in one message; a message with more is a dead letter. Default 20,000.</summary>
    [Range(1, 1_000_000)]
    public int MetricsPerMessageMax { get; init; } = 20_000;

    /// <summary>Most metrics of one node and its devices, template members counted each. Those beyond it are dead letters. Default 10,000.</summary>
    [Range(1, 100_000)]
    public int MetricsPerNodeMax { get; init; } = 10_000;

    /// <summary>Most devices of one node. Those beyond it are dead letters. Default 1000.</summary>
    [Range(1, 100_000)]
    public int DevicesPerNodeMax { get; init; } = 1000;

    /// <summary>
    /// Most bytes of what is known of one node (names, aliases, types, last values), as they are written to the log; with
    /// <see cref="ReorderBytesMax"/> it must stay below the log's largest record. Default 600,000.
    /// </summary>
    [Range(10_000, 10_000_000)]
    public int NodeBytesMax { get; init; } = 600_000;

    /// <summary>Most bytes of all nodes of one partition; beyond it those silent for longest are forgotten (counted). Default 64 MiB.</summary>
    [Range(1 << 20, 1L << 40)]
    public long NodesBytesMax { get; init; } = 64L << 20;

    /// <summary>How deep templates may lie in templates. Default 4.</summary>
    [Range(1, 16)]
    public int TemplateDepthMax { get; init; } = 4;

    /// <summary>Most elements of an array metric; a longer one is a dead letter. Default 64.</summary>
    [Range(1, 1024)]
    public int ArrayElementsMax { get; init; } = 64;

    /// <summary>Consumer group. Default <c>telemetry-sparkplug</c>.</summary>
    [Required]
    public string Group { get; init; } = "telemetry-sparkplug";

    /// <summary>Differs for each instance of the group; one that starts with the same fences the former. Default <c>telemetry-sparkplug-0</c>.</summary>
    [Required]
    public string TransactionalId { get; init; } = "telemetry-sparkplug-0";

    /// <summary>Readings, state and offsets are committed this often. Default 50 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.001", "00:00:10")]
    public TimeSpan CommitInterval { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Messages taken from the log at once. Default 500.</summary>
    [Range(1, 100_000)]
    public int PollRecordsMax { get; init; } = 500;

    /// <summary>Bytes made since the last commit after which the next comes before its time. Default 4 MiB.</summary>
    [Range(1, 1 << 28)]
    public int CommitBytesMax { get; init; } = 4 << 20;

    /// <summary>Bounds and pace of what is known of the nodes.</summary>
    public KeyedStateOptions State { get; init; } = new() { KeysMax = 10_000, SnapshotCycle = TimeSpan.FromMinutes(1) };

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (HostId.AsSpan().ContainsAny("+/#\0"))
        {
            yield return new ValidationResult("is one level of a topic: it may not hold + / #.", [nameof(HostId)]);
        }

        if (RebirthPauseMax < RebirthPause)
        {
            yield return new ValidationResult($"is shorter than {nameof(RebirthPause)}.", [nameof(RebirthPauseMax)]);
        }
    }
}
