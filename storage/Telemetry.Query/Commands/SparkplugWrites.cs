using System.Text.Json;
using Google.Protobuf;
using Telemetry.Contracts.Sparkplug;
using Telemetry.Contracts.V1;

namespace Telemetry.Query.Commands;

/// <summary>
/// Commands to what speaks Sparkplug B: they go out as NCMD or DCMD, once and with QoS 0, and nobody answers; the metric that has changed comes back as
/// data. The device id says which edge node and device, so nothing has to be known of them here.
/// </summary>
internal static class SparkplugWrites
{
    /// <summary>Writes one metric: payload <c>{"metric": name, "type": type, "value": value}</c>.</summary>
    public const string Write = "sparkplug-write";

    /// <summary>Asks an edge node for its births; no payload.</summary>
    public const string Rebirth = "sparkplug-rebirth";

    private const int MetricCharsMax = 1024;
    private const string Example = """{"metric": "Outputs/Valve 1", "type": "Boolean", "value": true}""";

    public static bool Is(string name) => name is Write or Rebirth;

    /// <summary>Gives a command its topic and payload.</summary>
    /// <param name="command">With device, name and time of issue.</param>
    /// <param name="payload">As it was asked for; null without one.</param>
    /// <returns>Null, or what is wrong, as a sentence.</returns>
    public static string? TryComplete(DeviceCommand command, JsonElement? payload)
    {
        if (!SparkplugNames.TryParseDevice(command.Device, out var group, out var edge, out var device)
            || new[] { group, edge, device ?? "" }.Any(id => id.AsSpan().ContainsAny("+#/\0")))
        {
            return $"'{command.Device}' is not an edge node ({{group}}:{{edge}}) and not a device of one ({{group}}:{{edge}}:{{device}}), or its id was too long to be kept whole.";
        }

        var metric = SparkplugCommand.RebirthMetric;
        var value = SparkplugScalar.True;
        if (command.Name == Rebirth)
        {
            if (payload is not null || device is not null)
            {
                return $"{Rebirth} has no payload and goes to an edge node, {{group}}:{{edge}}.";
            }
        }
        else if (TryRead(payload, out metric, out value) is { } problem)
        {
            return problem;
        }

        command.Topic = SparkplugCommand.Topic(group!, edge!, device);
        command.Payload = UnsafeByteOperations.UnsafeWrap(SparkplugCommand.Payload(metric, value, command.IssuedAtUs / 1000));
        command.ContentType = "application/x-protobuf";
        return null;
    }

    private static string? TryRead(JsonElement? payload, out string metric, out SparkplugScalar value)
    {
        (metric, value) = ("", default);
        string? type = null;
        JsonElement? written = null;
        if (payload is not { ValueKind: JsonValueKind.Object } body)
        {
            return $"{Write} needs a payload such as {Example}.";
        }

        foreach (var property in body.EnumerateObject())
        {
            switch (property.Name)
            {
                case "metric" when property.Value.ValueKind == JsonValueKind.String && property.Value.GetString() is { Length: > 0 and <= MetricCharsMax } name:
                    metric = name;
                    break;
                case "type" when property.Value.ValueKind == JsonValueKind.String:
                    type = property.Value.GetString();
                    break;
                case "value":
                    written = property.Value;
                    break;
                default:
                    return $"'{property.Name}' of the payload is not usable; {Write} takes a payload such as {Example}.";
            }
        }

        // A truth or a text has its type in it; a number could be ten.
        type ??= written?.ValueKind switch
        {
            JsonValueKind.True or JsonValueKind.False => "Boolean",
            JsonValueKind.String => "String",
            _ => null,
        };
        return metric.Length == 0 || written is null || type is null
            ? $"metric, value and, for a number, type are needed: {Example}; types are {string.Join(", ", SparkplugScalar.Types)}."
            : SparkplugScalar.TryRead(type, written.Value, out value);
    }
}
