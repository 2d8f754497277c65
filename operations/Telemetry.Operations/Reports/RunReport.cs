using System.Text.Json;
using System.Text.Json.Serialization;

namespace Telemetry.Operations.Reports;

/// <summary>Figures of one run of <c>up</c>, written by <c>--report</c>.</summary>
public sealed record RunReport
{
    public static readonly JsonSerializerOptions Json = new()
    {
        WriteIndented = true,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.Never,
    };

    /// <summary>Seconds the fleet produced.</summary>
    public required double Seconds { get; init; }

    /// <summary>Readings handed to the network at least once.</summary>
    public required long Sent { get; init; }

    /// <summary>Readings acknowledged to their device.</summary>
    public required long Acked { get; init; }

    /// <summary>Readings stored raw in this run.</summary>
    public required long Stored { get; init; }

    /// <summary>Second copies removed.</summary>
    public required long Duplicates { get; init; }

    /// <summary>Publishes refused and dead-lettered.</summary>
    public required long DeadLetters { get; init; }

    public required long Anomalies { get; init; }

    /// <summary>Means over the run, readings a second.</summary>
    public required RunRates Rates { get; init; }

    /// <summary>Device clock to queryable row, milliseconds, over all readings of the run.</summary>
    public required RunQuantiles? E2eMs { get; init; }

    /// <summary>PUBLISH to PUBACK as the devices saw it, milliseconds.</summary>
    public required RunQuantiles? PubackMs { get; init; }

    /// <summary>
    /// CPU by role, in percent of one core over the run. A role's own loops run on threads of its name; engine is
    /// ClickHouse's threads; what shares the runtime's thread pool (broker, bridge and their callbacks) is edge.
    /// </summary>
    public required IReadOnlyDictionary<string, double> CpuPercent { get; init; }

    /// <summary>Memory in MiB: resident set of the platform at the end, of it what is managed, and the largest of the simulator.</summary>
    public required IReadOnlyDictionary<string, double> MemoryMib { get; init; }

    /// <summary>The simulator's own report; null without one.</summary>
    public JsonElement? Simulator { get; init; }
}

/// <summary>Means over a run, readings a second.</summary>
public sealed record RunRates(double Sent, double Acked, double Stored);

/// <summary>Latencies over a run, milliseconds.</summary>
public sealed record RunQuantiles(double P50, double P95, double P99);
