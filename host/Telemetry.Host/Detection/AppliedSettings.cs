using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Telemetry.Processing.Settings;

namespace Telemetry.Host.Detection;

/// <summary>Makes a document that runs what was tried: one more rule, before all others.</summary>
internal static class AppliedSettings
{
    private static readonly JsonDocumentOptions Lenient = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true };
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true };

    /// <param name="document">The document in force; comments in it are lost.</param>
    /// <param name="device">Device pattern; null: all.</param>
    /// <param name="sensor">Sensor pattern; null: all.</param>
    /// <param name="detectors">What to run.</param>
    public static byte[] With(ReadOnlyMemory<byte> document, string? device, string? sensor, IReadOnlyList<DetectorChoice> detectors)
    {
        var settings = JsonNode.Parse(document.Span, documentOptions: Lenient)!.AsObject();
        var rule = new JsonObject();
        if (device is not null)
        {
            rule["device"] = device;
        }

        if (sensor is not null)
        {
            rule["sensor"] = sensor;
        }

        rule["detectors"] = new JsonArray([.. detectors.Select(Write)]);
        var rules = settings["rules"] as JsonArray ?? [];
        settings["rules"] = null;

        // A rule for the same series from an earlier time would never be reached any more.
        JsonNode[] others = [.. rules.Where(other => !IsForSame(other!, device, sensor)).Select(other => other!.DeepClone())];
        settings["rules"] = new JsonArray([rule, .. others]);
        return Encoding.UTF8.GetBytes(settings.ToJsonString(Readable));
    }

    private static bool IsForSame(JsonNode rule, string? device, string? sensor) =>
        rule["tag"] is null && ((string?)rule["device"] ?? "*") == (device ?? "*") && ((string?)rule["sensor"] ?? "*") == (sensor ?? "*");

    private static JsonNode Write(DetectorChoice choice)
    {
        if (choice is { IsGated: false, Parameters.Count: 0 })
        {
            return JsonValue.Create(choice.Name)!;
        }

        var detector = new JsonObject { ["detector"] = choice.Name };
        if (choice.IsGated)
        {
            detector["gated"] = true;
        }

        foreach (var (name, value) in choice.Parameters)
        {
            detector[name] = value;
        }

        return detector;
    }
}
