using System.Text.Json;
using System.Text.Json.Serialization;

namespace Telemetry.Operations.Audit;

/// <summary>Outcome of an audit; all counts are readings.</summary>
public sealed record AuditReport
{
    public static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    /// <summary>Acknowledged to their devices, as the simulator's ledger says; null without a ledger.</summary>
    public long? Acked { get; init; }

    /// <summary>Different readings on the log.</summary>
    public required long Log { get; init; }

    /// <summary>Rows in the raw table.</summary>
    public required long Raw { get; init; }

    /// <summary>Readings counted by each rollup.</summary>
    public required IReadOnlyDictionary<string, long> Rollups { get; init; }

    /// <summary>Acknowledged or on the log, but not stored; or stored raw and missing from a rollup.</summary>
    public required long Lost { get; init; }

    /// <summary>Stored more than once, raw or in a rollup.</summary>
    public required long Doubled { get; init; }

    /// <summary>
    /// Stored without having been on the log; on the log without having been sent; refused to the device and yet stored; or a
    /// rollup whose figures differ from raw.
    /// </summary>
    public required long Unexplained { get; init; }

    /// <summary>On the log, of devices whose data was deleted; not counted elsewhere.</summary>
    public long Deleted { get; init; }

    /// <summary>Acknowledged or on the log, and gone with the retention of what held them.</summary>
    public long Expired { get; init; }

    /// <summary>Sent under an event id that another reading has: dead-lettered with the cause conflict.</summary>
    public long Conflicts { get; init; }

    /// <summary>Acknowledged or on the log, not stored, and in the dead letters for another cause.</summary>
    public long DeadLettered { get; init; }

    /// <summary>Second copies on the log, removed before storage.</summary>
    public long Copies { get; init; }

    /// <summary>Which devices were compared; null: all. All counts are of these alone.</summary>
    public SampledDevices? Sample { get; init; }

    /// <summary>From when on each table, and the log, is complete, where retention has taken what was before; nothing older is compared.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset>? CompleteFrom { get; init; }

    /// <summary>Bytes on disk by table after merging, divided by the raw readings; only when asked for.</summary>
    public IReadOnlyDictionary<string, double>? BytesPerReading { get; init; }

    /// <summary>How long the comparison took.</summary>
    public double Seconds { get; init; }

    /// <summary>The first differences, in words.</summary>
    public IReadOnlyList<string> Differences { get; init; } = [];

    [JsonIgnore]
    public bool IsClean => Lost == 0 && Doubled == 0 && Unexplained == 0;
}
