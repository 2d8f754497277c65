using System.Text;
using Telemetry.Mqtt;

namespace Telemetry.Testing.Mqtt;

/// <summary>Every field of a packet in one line, to compare packets by.</summary>
public static class Dump
{
    public static string Connect(ConnectPacket p) =>
        $"CONNECT {p.Version} '{p.ClientId}' clean={p.CleanStart} alive={p.KeepAlive} user={p.UserName ?? "-"} "
        + $"password={(p.Password is { } password ? Convert.ToHexString(password.Span) : "-")} "
        + $"will={(p.Will is { } will ? Will(will) : "-")} {Properties(p.Properties)}";

    public static string Will(WillMessage w) =>
        $"({w.TopicName} {Convert.ToHexString(w.Payload.Span)} {w.Qos} {w.Retain} {Properties(w.Properties)})";

    public static string Publish(in PublishPacket p) =>
        $"PUBLISH '{Encoding.UTF8.GetString(p.TopicName)}' {p.PacketIdentifier} {p.Qos} retain={p.Retain} dup={p.Duplicate} "
        + $"alias={p.TopicAlias} expiry={p.MessageExpiryInterval} format={p.PayloadFormatIndicator} sub={p.SubscriptionIdentifier} "
        + $"type='{Encoding.UTF8.GetString(p.ContentType)}' response='{Encoding.UTF8.GetString(p.ResponseTopic)}' "
        + $"correlation={Convert.ToHexString(p.CorrelationData)} {Convert.ToHexString(p.Properties)} {Convert.ToHexString(p.Payload)}";

    public static string Request(SubscriptionRequest r) =>
        $"{r.FilterText} {r.Filter is not null} {r.Qos} {r.NoLocal} {r.RetainAsPublished} {r.RetainHandling}";

    public static string Properties(MqttProperties? p)
    {
        if (p is null)
        {
            return "{}";
        }
        var text = new StringBuilder("{");
        foreach (var property in typeof(MqttProperties).GetProperties().OrderBy(x => x.Name, StringComparer.Ordinal))
        {
            var value = property.GetValue(p) switch
            {
                null => null,
                byte[] bytes => Convert.ToHexString(bytes),
                IReadOnlyList<MqttUserProperty> list => list.Count == 0 ? null : string.Join("&", list),
                var other => other.ToString(),
            };
            if (value is not null && property.Name != nameof(MqttProperties.HasUserProperties))
            {
                text.Append(property.Name).Append('=').Append(value).Append(' ');
            }
        }
        return text.Append('}').ToString();
    }
}
