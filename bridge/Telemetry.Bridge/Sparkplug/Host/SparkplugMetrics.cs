using System.Diagnostics.Metrics;
using Telemetry.Bridge.Sparkplug.Fold;
using Telemetry.Bridge.Sparkplug.Wire;

namespace Telemetry.Bridge.Sparkplug.Host;

/// <summary>
/// Meter "Telemetry.Bridge.Sparkplug". Of messages processed again after a crash the counts come again; the log does not.
/// </summary>
internal sealed class SparkplugMetrics : IDisposable
{
    private readonly Meter _meter = new("Telemetry.Bridge.Sparkplug");
    private readonly Counter<long> _messages;
    private readonly Counter<long> _ignored;
    private readonly Counter<long> _lost;
    private readonly Counter<long> _readings;
    private readonly Counter<long> _historical;
    private readonly Counter<long> _passed;
    private readonly Counter<long> _deadLetters;
    private readonly Counter<long> _rebirths;

    public SparkplugMetrics(Func<SparkplugTotals> totals)
    {
        _messages = _meter.CreateCounter<long>("telemetry.sparkplug.messages", "{message}", "Messages of edge nodes taken from the log, by verb.");
        _ignored = _meter.CreateCounter<long>("telemetry.sparkplug.messages.ignored", "{message}", "Messages, or parts of what they say, without effect, by reason.");
        _lost = _meter.CreateCounter<long>("telemetry.sparkplug.messages.lost", "{message}", "Messages that did not arrive in time, by the sequence numbers of those after them.");
        _readings = _meter.CreateCounter<long>("telemetry.sparkplug.readings", "{reading}", "Readings made of metrics.");
        _historical = _meter.CreateCounter<long>("telemetry.sparkplug.readings.historical", "{reading}", "Of those, readings that the edge node had stored and sent later.");
        _passed = _meter.CreateCounter<long>("telemetry.sparkplug.metrics.passed_over", "{metric}", "Metrics that are no readings, by reason.");
        _deadLetters = _meter.CreateCounter<long>("telemetry.sparkplug.dead_lettered", "{message}", "Messages dead-lettered whole or in part, by cause.");
        _rebirths = _meter.CreateCounter<long>("telemetry.sparkplug.rebirths.requested", "{request}", "Requests to edge nodes for their births.");
        _meter.CreateObservableGauge("telemetry.sparkplug.nodes", () => Nodes(totals()), "{node}", "Edge nodes known to this process, by state.");
        _meter.CreateObservableGauge("telemetry.sparkplug.metrics", () => totals().Metrics, "{metric}", "Metrics named by the births of those nodes.");
        _meter.CreateObservableGauge("telemetry.sparkplug.state.size", () => totals().Bytes, "By", "Bytes of what is known of those nodes.");
        _meter.CreateObservableGauge("telemetry.sparkplug.nodes.evicted", () => totals().Evicted, "{node}", "Nodes forgotten because of the bounds, since the start.");
        _meter.CreateObservableGauge("telemetry.sparkplug.rebirths.wanted", () => totals().Wanted, "{node}", "Nodes whose births are wanted.");
    }

    /// <summary>Adds what was counted and sets the counts back.</summary>
    public void Add(FoldCounts counts)
    {
        for (var verb = SparkplugVerb.NBirth; verb <= SparkplugVerb.DData; verb++)
        {
            if (counts.Messages[(int)verb] is var count and > 0)
            {
                _messages.Add(count, new KeyValuePair<string, object?>("verb", verb.ToString().ToUpperInvariant()));
            }
        }

        AddAll(_ignored, "reason", counts.Ignored);
        AddAll(_passed, "reason", counts.Passed);
        AddAll(_deadLetters, "cause", counts.DeadLetters);
        _lost.Add(counts.Lost);
        _readings.Add(counts.Readings);
        _historical.Add(counts.Historical);
        counts.Clear();
    }

    public void RebirthRequested() => _rebirths.Add(1);

    public void Dispose() => _meter.Dispose();

    private static IEnumerable<Measurement<long>> Nodes(SparkplugTotals totals) =>
    [
        new(totals.Online, new KeyValuePair<string, object?>("state", "online")),
        new(totals.Nodes - totals.Online, new KeyValuePair<string, object?>("state", "offline")),
    ];

    private static void AddAll(Counter<long> counter, string label, Dictionary<string, long> counts)
    {
        foreach (var (name, count) in counts)
        {
            counter.Add(count, new KeyValuePair<string, object?>(label, name));
        }
    }
}

/// <summary>What the partitions of this process hold.</summary>
internal sealed record SparkplugTotals(long Nodes, long Online, long Metrics, long Bytes, long Evicted, long Wanted);
