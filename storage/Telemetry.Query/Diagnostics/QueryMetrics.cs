using System.Diagnostics.Metrics;

namespace Telemetry.Query.Diagnostics;

/// <summary>Meter <c>Telemetry.Query</c>.</summary>
internal static class QueryMetrics
{
    public const string MeterName = "Telemetry.Query";

    private static readonly Meter Meter = new(MeterName);

    private static readonly Counter<long> Requests = Meter.CreateCounter<long>(
        "telemetry.query.requests", "{request}", "Requests answered, by endpoint and status");

    private static readonly Histogram<double> Durations = Meter.CreateHistogram<double>(
        "telemetry.query.duration", "s", "Time from request to the last byte of its answer, by endpoint");

    private static readonly Counter<long> Rows = Meter.CreateCounter<long>(
        "telemetry.query.rows", "{row}", "Rows given in answers, by endpoint");

    private static readonly Counter<long> Rejected = Meter.CreateCounter<long>(
        "telemetry.query.rejected", "{request}", "Requests turned away, by problem");

    private static readonly UpDownCounter<long> LiveClients = Meter.CreateUpDownCounter<long>(
        "telemetry.query.live.clients", "{client}", "Live streams open");

    private static readonly Counter<long> LiveReadings = Meter.CreateCounter<long>(
        "telemetry.query.live.readings", "{reading}", "Readings the live tail has seen on the log");

    private static readonly Counter<long> LiveDropped = Meter.CreateCounter<long>(
        "telemetry.query.live.dropped", "{item}", "Live items not sent because a client was too slow");

    public static void Answered(string endpoint, int status, TimeSpan duration)
    {
        Requests.Add(1, new("endpoint", endpoint), new KeyValuePair<string, object?>("status", status));
        Durations.Record(duration.TotalSeconds, new KeyValuePair<string, object?>("endpoint", endpoint));
    }

    public static void GaveRows(string endpoint, long rows) =>
        Rows.Add(rows, new KeyValuePair<string, object?>("endpoint", endpoint));

    public static void TurnedAway(string problem) =>
        Rejected.Add(1, new KeyValuePair<string, object?>("problem", problem));

    public static void LiveClientChange(int change) => LiveClients.Add(change);

    public static void LiveSeen(int readings) => LiveReadings.Add(readings);

    public static void LiveDrop() => LiveDropped.Add(1);
}
