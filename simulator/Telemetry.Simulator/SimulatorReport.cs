using System.Text.Json.Serialization;
using Telemetry.Contracts.Measurement;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Totals;

namespace Telemetry.Simulator;

/// <summary>Result of a run, written as JSON. Counts are readings unless the name says otherwise.</summary>
public sealed record SimulatorReport
{
    [JsonPropertyName("seed")]
    public required ulong Seed { get; init; }

    [JsonPropertyName("devices")]
    public required int Devices { get; init; }

    [JsonPropertyName("readings_per_publish")]
    public required int ReadingsPerPublish { get; init; }

    /// <summary>Seconds of producing.</summary>
    [JsonPropertyName("seconds")]
    public required double Seconds { get; init; }

    [JsonPropertyName("sent")]
    public required long Sent { get; init; }

    [JsonPropertyName("acked")]
    public required long Acked { get; init; }

    [JsonPropertyName("rejected")]
    public required long Rejected { get; init; }

    [JsonPropertyName("skipped")]
    public required long Skipped { get; init; }

    /// <summary>Publishes without an answer at the end.</summary>
    [JsonPropertyName("publishes_unanswered")]
    public required long PublishesUnanswered { get; init; }

    [JsonPropertyName("publishes_resent")]
    public required long PublishesResent { get; init; }

    [JsonPropertyName("publishes_duplicated")]
    public required long PublishesDuplicated { get; init; }

    [JsonPropertyName("publishes_out_of_order")]
    public required long PublishesOutOfOrder { get; init; }

    [JsonPropertyName("disconnects")]
    public required long Disconnects { get; init; }

    [JsonPropertyName("reconnects")]
    public required long Reconnects { get; init; }

    [JsonPropertyName("connect_failures")]
    public required long ConnectFailures { get; init; }

    /// <summary>Acknowledged readings a second, mean over the run.</summary>
    [JsonPropertyName("readings_per_second")]
    public required double ReadingsPerSecond { get; init; }

    /// <summary>Milliseconds from handing a publish to the socket to its PUBACK (QoS 2: PUBCOMP).</summary>
    [JsonPropertyName("puback_ms")]
    public required LatencyQuantiles PubackMs { get; init; }

    internal static SimulatorReport From(
        SimulatorOptions options, SimulatorProgress totals, TimeSpan produced, LatencyHistogram puback) => new()
        {
            Seed = options.Seed,
            Devices = options.Devices,
            ReadingsPerPublish = options.ReadingsPerPublish,
            Seconds = produced.TotalSeconds,
            Sent = totals.Sent,
            Acked = totals.Acked,
            Rejected = totals.Rejected,
            Skipped = totals.Skipped,
            PublishesUnanswered = totals.PublishesPending,
            PublishesResent = totals.PublishesResent,
            PublishesDuplicated = totals.PublishesDuplicated,
            PublishesOutOfOrder = totals.PublishesOutOfOrder,
            Disconnects = totals.Disconnects,
            Reconnects = totals.Reconnects,
            ConnectFailures = totals.ConnectFailures,
            ReadingsPerSecond = totals.Acked / Math.Max(0.001, produced.TotalSeconds),
            PubackMs = new(
                puback.Quantile(0.5).TotalMilliseconds,
                puback.Quantile(0.95).TotalMilliseconds,
                puback.Quantile(0.99).TotalMilliseconds,
                puback.Quantile(1).TotalMilliseconds),
        };
}

/// <summary>Quantiles in milliseconds.</summary>
public sealed record LatencyQuantiles(
    [property: JsonPropertyName("p50")] double P50,
    [property: JsonPropertyName("p95")] double P95,
    [property: JsonPropertyName("p99")] double P99,
    [property: JsonPropertyName("max")] double Max);
