using System.Text.Json;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;

namespace Telemetry.Alarms.Outlets;

/// <summary>
/// The alerts that alarms are, as Alertmanager's API v2 takes them. As Prometheus does: what fires is sent again and again with an end a few pauses ahead, so that
/// it ends by itself when nobody sends it any more; what is over is sent with its end for a while.
/// </summary>
internal sealed class AlertmanagerAlerts(TimeSpan resend, TimeSpan keepResolved, Uri? console)
{
    private readonly Dictionary<string, Alert> _byAlarm = [];
    private readonly Dictionary<string, Alert> _resolved = [];

    /// <summary>Alerts that fire.</summary>
    public int Firing => _byAlarm.Count;

    /// <summary>True: something changed that has not been sent.</summary>
    public bool HasNews => _byAlarm.Values.Any(static a => !a.IsSent) || _resolved.Values.Any(static a => !a.IsSent);

    /// <summary>An alarm as it is now; null: it was forgotten.</summary>
    public void Set(string id, Alarm? alarm, DateTimeOffset now)
    {
        // Nothing inhibits it, and its condition holds: acknowledged or not, which is no label, so the alert stays the same.
        var fires = alarm?.Status is AlarmStatus.UnacknowledgedActive or AlarmStatus.AcknowledgedActive;
        var next = fires ? Alert.Of(alarm!, console) : null;
        if (_byAlarm.TryGetValue(id, out var former) && former.Key != next?.Key)
        {
            _byAlarm.Remove(id);
            var cleared = alarm is { ClearedUs: > 0, Active: false } ? UnixMicros.ToTime(alarm.ClearedUs) : now;
            _resolved[former.Key] = former with { EndsAt = cleared < now ? cleared : now, ResolvedAt = now, IsSent = false };
        }

        if (next is not null)
        {
            _resolved.Remove(next.Key);
            _byAlarm[id] = former is not null && former.Key == next.Key && former.Annotations == next.Annotations && former.StartsAt == next.StartsAt ? former : next;
        }
    }

    /// <summary>Alerts of other partitions now: somebody else sends them.</summary>
    public void Forget(Func<string, bool> isGone)
    {
        foreach (var id in _byAlarm.Keys.Where(isGone).ToList())
        {
            _byAlarm.Remove(id);
        }
    }

    /// <summary>What to send: the news, or everything.</summary>
    public List<Alert> Take(bool all, DateTimeOffset now)
    {
        foreach (var key in _resolved.Where(r => now - r.Value.ResolvedAt > keepResolved && r.Value.IsSent).Select(r => r.Key).ToList())
        {
            _resolved.Remove(key);
        }

        return [.. _byAlarm.Values.Where(a => all || !a.IsSent), .. _resolved.Values.Where(a => all || !a.IsSent)];
    }

    public static void Sent(IEnumerable<Alert> alerts)
    {
        foreach (var alert in alerts)
        {
            alert.IsSent = true;
        }
    }

    /// <summary>The body of POST /api/v2/alerts.</summary>
    public byte[] Write(IEnumerable<Alert> alerts, DateTimeOffset now)
    {
        using var body = new MemoryStream();
        using (var writer = new Utf8JsonWriter(body))
        {
            writer.WriteStartArray();
            foreach (var alert in alerts)
            {
                alert.Write(writer, alert.EndsAt ?? now + (4 * resend));
            }

            writer.WriteEndArray();
        }

        return body.ToArray();
    }

    /// <summary>One alert. The labels say which one it is.</summary>
    internal sealed record Alert(string Key, string Labels, string Annotations, DateTimeOffset StartsAt, string Generator)
    {
        /// <summary>When it ended; null while it fires.</summary>
        public DateTimeOffset? EndsAt { get; init; }

        public DateTimeOffset ResolvedAt { get; init; }

        public bool IsSent { get; set; }

        public static Alert Of(Alarm alarm, Uri? console)
        {
            var labels = Json(
                ("alertname", alarm.Source), ("device", alarm.Device), ("sensor", alarm.Sensor), ("kind", alarm.Kind),
                ("priority", AlarmNames.Of(alarm.Priority)), ("alarm_id", alarm.Id));
            var annotations = Json(
                ("summary", alarm.Text), ("status", AlarmNames.Of(alarm.Status)), ("acknowledged_by", alarm.AcknowledgedBy), ("comment", alarm.Comment));
            return new Alert(labels, labels, annotations, UnixMicros.ToTime(alarm.RaisedUs), console is null ? "" : $"{console.ToString().TrimEnd('/')}/#/alarms/{alarm.Id}");
        }

        public void Write(Utf8JsonWriter writer, DateTimeOffset endsAt)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("labels");
            writer.WriteRawValue(Labels);
            writer.WritePropertyName("annotations");
            writer.WriteRawValue(Annotations);
            writer.WriteString("startsAt", StartsAt);
            writer.WriteString("endsAt", endsAt);
            if (Generator.Length > 0)
            {
                writer.WriteString("generatorURL", Generator);
            }

            writer.WriteEndObject();
        }

        /// <summary>Empty labels are no labels.</summary>
        private static string Json(params (string Name, string Value)[] pairs) =>
            JsonSerializer.Serialize(pairs.Where(static p => p.Value.Length > 0).ToDictionary(static p => p.Name, static p => p.Value));
    }
}
