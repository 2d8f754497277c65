using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>What is told of an alarm, by name: the same in the API, on MQTT and to a webhook.</summary>
public static class AlarmFields
{
    /// <summary>Names, in the order of <see cref="Row"/>.</summary>
    public static readonly IReadOnlyList<string> Columns =
    [
        "id", "device", "sensor", "source", "kind", "priority", "status", "active", "text", "value", "unit", "since", "raised", "cleared", "acknowledged",
        "acknowledgedBy", "changed", "comment", "commentBy", "shelvedUntil", "inhibitedBy", "occurrences", "incident", "severity", "version",
    ];

    /// <summary>A string, a finite double, a long, a bool, or null where it is not known, for each column.</summary>
    public static IReadOnlyList<object?> Row(Alarm alarm) =>
    [
        alarm.Id, alarm.Device, Text(alarm.Sensor), alarm.Source, Text(alarm.Kind), AlarmNames.Of(alarm.Priority), AlarmNames.Of(alarm.Status), alarm.Active,
        Text(alarm.Text), alarm.HasValue && double.IsFinite(alarm.Value) ? alarm.Value : null, Text(alarm.Unit), Time(alarm.EventTimeUs), Time(alarm.RaisedUs),
        Time(alarm.ClearedUs), Time(alarm.AcknowledgedUs), Text(alarm.AcknowledgedBy), Time(alarm.ChangedUs), Text(alarm.Comment), Text(alarm.CommentBy),
        Time(alarm.ShelvedUntilUs), Text(alarm.InhibitedBy), (long)alarm.Occurrences, Text(alarm.IncidentId), (long)alarm.Severity, (long)alarm.Version,
    ];

    /// <summary>An alarm as a JSON object.</summary>
    public static void Write(Utf8JsonWriter writer, Alarm alarm)
    {
        writer.WriteStartObject();
        var row = Row(alarm);
        for (var i = 0; i < Columns.Count; i++)
        {
            writer.WritePropertyName(Columns[i]);
            JsonSerializer.Serialize(writer, row[i]);
        }

        writer.WriteEndObject();
    }

    /// <summary>A change, with the alarm as it was afterwards.</summary>
    public static void Write(Utf8JsonWriter writer, AlarmChange change)
    {
        writer.WriteStartObject();
        writer.WriteString("id", change.Id);
        writer.WriteString("time", TimeText.Format(change.TimeUs));
        writer.WriteString("transition", AlarmNames.Of(change.Transition));
        writer.WriteString("previous", AlarmNames.Of(change.Previous));
        writer.WriteString("by", Text(change.By));
        writer.WriteString("comment", Text(change.Comment));
        writer.WritePropertyName("alarm");
        Write(writer, change.Alarm);
        writer.WriteEndObject();
    }

    /// <summary>A change as bytes.</summary>
    public static byte[] WriteChange(AlarmChange change)
    {
        using var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body))
        {
            Write(writer, change);
        }

        return body.ToArray();
    }

    private static string? Text(string text) => text.Length == 0 ? null : text;

    private static string? Time(long us) => us == 0 ? null : TimeText.Format(us);
}
