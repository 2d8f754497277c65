using System.Diagnostics.Metrics;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Diagnostics;

/// <summary>Meter "Telemetry.Alarms". Of inputs processed again after a crash the counts come again; the log does not.</summary>
internal static class AlarmsMetrics
{
    private static readonly Meter Meter = new("Telemetry.Alarms");

    private static readonly Counter<long> Changes = Meter.CreateCounter<long>(
        "telemetry.alarms.changes", "{change}", "Changes of alarms, by transition.");

    private static readonly Counter<long> Dropped = Meter.CreateCounter<long>(
        "telemetry.alarms.dropped", "{input}", "Inputs without effect, by reason: malformed (dead-lettered), overflow (more alarms than may be), rule-states (more than rules may remember).");

    private static readonly Counter<long> Restarts = Meter.CreateCounter<long>(
        "telemetry.alarms.restarts", "{restart}", "Times a part of the role began again from what is committed, by part.");

    private static readonly Histogram<double> Commits = Meter.CreateHistogram<double>(
        "telemetry.alarms.commit.duration", "s", "Time of a commit, by part.");

    private static readonly Counter<long> Deliveries = Meter.CreateCounter<long>(
        "telemetry.alarms.outlet.deliveries", "{delivery}", "Deliveries to outlets, by outlet and result: taken, failed (tried again), dead-lettered.");

    private static readonly UpDownCounter<long> Streams = Meter.CreateUpDownCounter<long>(
        "telemetry.alarms.streams", "{stream}", "Open gRPC streams.");

    private static readonly Counter<long> StreamsDropped = Meter.CreateCounter<long>(
        "telemetry.alarms.streams.dropped", "{stream}", "gRPC streams ended because their clients were too slow.");

    /// <summary>
    /// Shows every series at 0 from the start: of a counter that appears with its first event, Prometheus does not see that event.
    /// </summary>
    public static void Begin()
    {
        foreach (var transition in Enum.GetValues<AlarmTransition>().Where(static t => t != AlarmTransition.Unspecified))
        {
            Changed(transition, 0);
        }

        foreach (var reason in (string[])["malformed", "overflow", "rule-states"])
        {
            Dropped.Add(0, new KeyValuePair<string, object?>("reason", reason));
        }

        foreach (var part in (string[])["keeper", "incidents", "rules"])
        {
            Restarts.Add(0, new KeyValuePair<string, object?>("part", part));
        }

        foreach (var outlet in (string[])["webhook", "alertmanager"])
        {
            foreach (var result in (string[])["taken", "failed", "dead-lettered"])
            {
                Deliveries.Add(0, new KeyValuePair<string, object?>("outlet", outlet), new KeyValuePair<string, object?>("result", result));
            }
        }
    }

    public static void Delivered(string outlet, string result) =>
        Deliveries.Add(1, new KeyValuePair<string, object?>("outlet", outlet), new KeyValuePair<string, object?>("result", result));

    public static void StreamClients(int change) => Streams.Add(change);

    public static void StreamDropped() => StreamsDropped.Add(1);

    public static void Changed(AlarmTransition transition, long count) =>
        Changes.Add(count, new KeyValuePair<string, object?>("transition", AlarmNames.Of(transition)));

    public static void Drop(string reason, long count)
    {
        if (count > 0)
        {
            Dropped.Add(count, new KeyValuePair<string, object?>("reason", reason));
        }
    }

    public static void Restarted(string part) => Restarts.Add(1, new KeyValuePair<string, object?>("part", part));

    public static void Committed(string part, TimeSpan duration) =>
        Commits.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("part", part));
}
