using System.Globalization;
using System.Text;
using System.Text.Json;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Query.Access;
using Telemetry.Query.Alarms;
using Telemetry.Query.Parameters;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Endpoints;

/// <summary>What alarms have done, and the figures by which EEMUA 191 judges an alarm system.</summary>
internal static class AlarmHistoryEndpoints
{
    private static readonly TimeSpan StaleAfter = TimeSpan.FromHours(24);
    private static readonly TimeSpan StatsMax = TimeSpan.FromDays(92);

    private static readonly ParameterSpec Id = new("id", "Only this alarm.", "0123456789abcdef");
    private static readonly ParameterSpec Source = new("source", "Only of this rule, or of incident.KIND.", "oil-hot");
    private static readonly ParameterSpec Transition = new(
        "transition", "Only this change: " + string.Join(", ", AlarmNames.Transitions.Keys) + ".", "raised");

    public static readonly IReadOnlyList<ApiEndpoint> All =
    [
        new(
            "alarmHistory", "/alarms/history", "Changes of alarms, newest first",
            "Columns: time, id, change, device, sensor, source, kind, priority, transition, status, previous, active, text, value, unit, by, comment, raised, cleared, "
            + "acknowledged, shelvedUntil, inhibitedBy, occurrences, incident, severity. Default range: the last 24 hours.",
            [
                CommonParameters.Device, CommonParameters.Sensor, Id, Source, Transition, CommonParameters.From, CommonParameters.To,
                CommonParameters.Limit, CommonParameters.Offset, CommonParameters.Cursor, CommonParameters.Format,
            ],
            ApiEndpoint.Tables,
            HistoryAsync),
        new(
            "alarmStats", "/alarms/stats", "Figures of the alarm system",
            "By EEMUA 191, over the alarms that asked for a person in the range (default: the last 24 hours, at most 92 days): raised, an hour, in ten minutes (mean, "
            + "most, what the mean means for one operator), by priority, the ten most frequent, floods (more than 10 in ten minutes, until there are fewer than 5); and as of "
            + "now: standing, unacknowledged, stale (active for more than 24 hours), shelved, suppressed, out of service.",
            [CommonParameters.Device, CommonParameters.From, CommonParameters.To],
            ApiEndpoint.Json,
            StatsAsync),
    ];

    private static Task HistoryAsync(ApiRequest request)
    {
        var parameters = request.Parameters;
        var filters = new Filters()
            .Equal("device", "String", parameters.Name(CommonParameters.Device))
            .Equal("sensor", "String", parameters.Name(CommonParameters.Sensor))
            .Equal("id", "String", parameters.Text(Id))
            .Equal("source", "String", parameters.Text(Source))
            .Equal("transition", "String", parameters.Choice(Transition, AlarmNames.Transitions) is { } one ? AlarmNames.Of(one) : null)
            .Within("event_time", parameters.Range(TimeSpan.FromDays(1)));
        return TableAnswer.WriteAsync(request, "changes", Sql(filters), filters.Values);
    }

    private static string Sql(Filters filters)
    {
        static string Time(string column, string name) => $"if(toUnixTimestamp64Micro(a.{column}) = 0, NULL, a.{column}) AS {name}";
        static string Text(string column, string name) => $"nullIf(a.{column}, '') AS {name}";
        return "SELECT event_time AS time, id, change, device, " + Text("sensor", "sensor") + ", source, kind, priority, transition, status, previous, a.active != 0 AS active, text, "
            + "if(isFinite(a.value), a.value, NULL) AS value, " + Text("unit", "unit") + ", " + Text("person", "by") + ", " + Text("comment", "comment") + ", "
            + Time("raised_time", "raised") + ", " + Time("cleared_time", "cleared") + ", " + Time("acknowledged_time", "acknowledged") + ", "
            + Time("shelved_until", "shelvedUntil") + ", " + Text("inhibited_by", "inhibitedBy") + ", occurrences, " + Text("incident", "incident") + ", severity "
            + $"FROM (SELECT * FROM alarms_data {filters.Where}) AS a ORDER BY a.event_time DESC, a.device, a.sequence DESC, a.change DESC";
    }

    private static async Task StatsAsync(ApiRequest request)
    {
        var book = AlarmEndpoints.Desk(request).Book;
        var parameters = request.Parameters;
        var device = parameters.Name(CommonParameters.Device);
        var range = parameters.Range(TimeSpan.FromDays(1));
        if (range.To - range.From > (long)StatsMax.TotalMicroseconds)
        {
            throw ApiProblem.BadParameter("from", $"The range is longer than {StatsMax.TotalDays} days.", "from=now-30d");
        }

        var filters = new Filters()
            .Equal("device", "String", device)
            .Equal("transition", "String", "raised")
            .Equal("status", "String", "unacknowledged-active")
            .Within("event_time", range);
        var minutes = Lines(await request.QueryAsync(
                $"SELECT toUnixTimestamp(toStartOfMinute(event_time)) AS minute, count() AS n FROM alarms_data {filters.Where} GROUP BY minute ORDER BY minute", filters.Values, "TSV"))
            .Select(row => (long.Parse(row[0], CultureInfo.InvariantCulture) * 1_000_000, long.Parse(row[1], CultureInfo.InvariantCulture))).ToList();
        var priorities = Lines(await request.QueryAsync(
            $"SELECT priority, count() AS n FROM alarms_data {filters.Where} GROUP BY priority", filters.Values, "TSV"));
        var top = Lines(await request.QueryAsync(
            $"SELECT id, any(device), any(sensor), any(source), count() AS n FROM alarms_data {filters.Where} GROUP BY id ORDER BY n DESC, id LIMIT 10", filters.Values, "TSV"));
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        writer.WriteString("from", TimeText.Format(range.From));
        writer.WriteString("to", TimeText.Format(range.To));
        WriteRaised(writer, range, minutes, priorities);
        WriteTop(writer, top, Math.Max(1, minutes.Sum(m => m.Item2)));
        WriteNow(writer, book, device, request.Caller.Devices, Contracts.Measurement.UnixMicros.From(parameters.Now));
        writer.WriteEndObject();
    }

    private static void WriteRaised(Utf8JsonWriter writer, TimeRange range, List<(long, long)> minutes, IReadOnlyList<string[]> priorities)
    {
        var raised = minutes.Sum(m => m.Item2);
        var hours = (range.To - range.From) / 3.6e9;
        var (floods, peak) = AlarmStatistics.Floods(minutes);
        writer.WriteNumber("raised", raised);
        writer.WriteNumber("perHour", Math.Round(raised / hours, 3));
        writer.WriteNumber("perTenMinutes", Math.Round(raised / hours / 6, 3));
        writer.WriteNumber("mostInTenMinutes", peak);
        writer.WriteString("assessment", AlarmStatistics.Assess(raised / hours / 6));
        writer.WriteStartObject("byPriority");
        foreach (var name in AlarmNames.Priorities.Keys.Reverse())
        {
            writer.WriteNumber(name, priorities.Where(row => row[0] == name).Sum(row => long.Parse(row[1], CultureInfo.InvariantCulture)));
        }

        writer.WriteEndObject();
        writer.WriteStartArray("floods");
        foreach (var flood in floods)
        {
            writer.WriteStartObject();
            writer.WriteString("from", TimeText.Format(flood.StartUs));
            writer.WriteString("to", TimeText.Format(flood.EndUs));
            writer.WriteNumber("alarms", flood.Alarms);
            writer.WriteNumber("mostInTenMinutes", flood.Peak);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        var inFlood = floods.Sum(f => f.EndUs - f.StartUs);
        writer.WriteNumber("shareOfTimeInFlood", Math.Round(Math.Min(1, (double)inFlood / (range.To - range.From)), 4));
    }

    private static void WriteTop(Utf8JsonWriter writer, IReadOnlyList<string[]> top, long raised)
    {
        writer.WriteStartArray("top");
        foreach (var row in top)
        {
            var count = long.Parse(row[4], CultureInfo.InvariantCulture);
            writer.WriteStartObject();
            TableAnswer.Write(writer, ["id", "device", "sensor", "source", "raised"], [row[0], row[1], row[2].Length == 0 ? null : row[2], row[3], count]);
            writer.WriteNumber("share", Math.Round((double)count / raised, 4));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    private static void WriteNow(Utf8JsonWriter writer, AlarmBook book, string? device, DeviceScope devices, long nowUs)
    {
        var alarms = book.List(a => (device is null || a.Device == device) && devices.Sees(a.Device));
        writer.WriteStartObject("now");
        writer.WriteNumber("standing", alarms.Count(a => AlarmNames.IsStanding(a.Status)));
        writer.WriteNumber("unacknowledged", alarms.Count(a => a.Status is AlarmStatus.UnacknowledgedActive or AlarmStatus.ReturnedUnacknowledged));
        writer.WriteNumber("stale", alarms.Count(a => AlarmNames.IsStanding(a.Status) && a.Active && nowUs - a.RaisedUs > (long)StaleAfter.TotalMicroseconds));
        writer.WriteNumber("shelved", alarms.Count(a => a.Status == AlarmStatus.Shelved));
        writer.WriteNumber("suppressed", alarms.Count(a => a.Status == AlarmStatus.Suppressed));
        writer.WriteNumber("outOfService", alarms.Count(a => a.Status == AlarmStatus.OutOfService));
        writer.WriteEndObject();
    }

    private static IReadOnlyList<string[]> Lines(ReadOnlyMemory<byte> text) =>
        [.. Encoding.UTF8.GetString(text.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('\t'))];
}
