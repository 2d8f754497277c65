using System.Text.Json;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Text;

namespace Telemetry.Processing.Settings;

/// <summary>
/// Reads the settings document (JSON, docs/detectors.md). Every problem is named with its place, all at once.
/// </summary>
public static class DetectorSettingsReader
{
    /// <summary>Largest document, in bytes.</summary>
    public const int BytesMax = 256 << 10;

    /// <summary>Most rules, spans or tags of a document: each series is held against all of them once.</summary>
    public const int ItemsMax = 1000;

    private static readonly JsonDocumentOptions Format = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
        MaxDepth = 16,
        AllowDuplicateProperties = false,
    };

    /// <exception cref="DetectorSettingsException">Not a document of settings; names each problem.</exception>
    public static DetectorSettings Read(ReadOnlyMemory<byte> json)
    {
        if (json.Length > BytesMax)
        {
            throw new DetectorSettingsException([$"The document has {json.Length} bytes; at most {BytesMax} are taken."]);
        }

        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Format);
        }
        catch (JsonException error)
        {
            throw new DetectorSettingsException(["Not JSON: " + error.Message]);
        }

        using (document)
        {
            var problems = new List<string>();
            var settings = Read(document.RootElement, problems);
            return problems.Count == 0 ? settings : throw new DetectorSettingsException(problems);
        }
    }

    private static DetectorSettings Read(JsonElement root, List<string> problems)
    {
        var rules = new List<SettingsRule>();
        var spans = new List<OutOfService>();
        var tags = new Dictionary<string, IReadOnlyList<NamePattern>>(StringComparer.Ordinal);
        var reader = new SettingsObject("", root, problems);
        if (reader.Get("tags") is { } tagsObject)
        {
            foreach (var tag in new SettingsObject("tags", tagsObject, problems).Properties(ItemsMax))
            {
                tags[tag.Name] = Patterns($"tags.{tag.Name}", tag.Value, problems);
            }
        }

        foreach (var rule in reader.Objects("rules", ItemsMax))
        {
            rules.Add(ReadRule(rule, tags));
        }

        foreach (var span in reader.Objects("outOfService", ItemsMax))
        {
            spans.Add(ReadSpan(span, tags));
        }

        reader.RefuseOthers();
        return new DetectorSettings(rules, tags, spans);
    }

    private static List<NamePattern> Patterns(string path, JsonElement value, List<string> problems)
    {
        var patterns = new List<NamePattern>();
        if (value.ValueKind != JsonValueKind.Array)
        {
            problems.Add($"{path}: give an array of device patterns.");
            return patterns;
        }

        foreach (var item in value.EnumerateArray())
        {
            var text = item.ValueKind == JsonValueKind.String ? item.GetString()! : "";
            if (NamePattern.Problem(text) is { } problem)
            {
                problems.Add($"{path}[{patterns.Count}]: {problem}.");
            }

            patterns.Add(new NamePattern(text));
        }

        return patterns;
    }

    private static SeriesSelector ReadSelector(SettingsObject from, Dictionary<string, IReadOnlyList<NamePattern>> tags)
    {
        var tag = from.Text("tag");
        if (tag is not null && !tags.ContainsKey(tag))
        {
            from.Problem("tag", $"there is no tag '{tag}' under tags" + (tags.Count == 0 ? "" : $"; there are: {string.Join(", ", tags.Keys)}"));
        }

        return new SeriesSelector(from.Pattern("device"), from.Pattern("sensor"), tag);
    }

    private static SettingsRule ReadRule(SettingsObject from, Dictionary<string, IReadOnlyList<NamePattern>> tags)
    {
        var series = ReadSelector(from, tags);
        var detectors = from.Get("detectors") is { } list ? ReadDetectors(from, list) : null;
        var note = from.Text("note");
        from.RefuseOthers();
        if (detectors is null)
        {
            from.Problem("detectors", "the rule says nothing; give detectors, [] for none");
        }

        return new SettingsRule(series, detectors, note);
    }

    private static List<DetectorChoice> ReadDetectors(SettingsObject rule, JsonElement list)
    {
        var choices = new List<DetectorChoice>();
        if (list.ValueKind != JsonValueKind.Array || list.GetArrayLength() > 8)
        {
            rule.Problem("detectors", "give an array of at most 8 detectors");
            return choices;
        }

        var index = 0;
        foreach (var item in list.EnumerateArray())
        {
            try
            {
                choices.Add(ReadDetector(item));
            }
            catch (FormatException error)
            {
                rule.Problem($"detectors[{index}]", error.Message.TrimEnd('.'));
            }

            index++;
        }

        if (choices.Select(c => c.Text).Distinct().Count() < choices.Count)
        {
            rule.Problem("detectors", "the same detector with the same parameters is there twice");
        }

        return choices;
    }

    private static DetectorChoice ReadDetector(JsonElement item)
    {
        if (item.ValueKind == JsonValueKind.String)
        {
            return new DetectorChoice(item.GetString()!, []);
        }

        if (item.ValueKind != JsonValueKind.Object || !item.TryGetProperty("detector", out var name) || name.ValueKind != JsonValueKind.String)
        {
            throw new FormatException("give a name, or an object with \"detector\": a name and parameters");
        }

        var gated = item.TryGetProperty("gated", out var gate) && gate.ValueKind == JsonValueKind.True;
        var parameters = item.EnumerateObject()
            .Where(p => p.Name is not ("detector" or "gated"))
            .Select(p => KeyValuePair.Create(p.Name, p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText()));
        return new DetectorChoice(name.GetString()!, [.. parameters], gated);
    }

    private static OutOfService ReadSpan(SettingsObject from, Dictionary<string, IReadOnlyList<NamePattern>> tags)
    {
        var series = ReadSelector(from, tags);
        var start = Time(from, "from") ?? 0;
        var end = Time(from, "to") ?? long.MaxValue;
        var reason = from.Text("reason");
        from.RefuseOthers();
        if (start >= end)
        {
            from.Problem("to", "the end must come after the start");
        }

        return new OutOfService(series, start, end, reason);
    }

    /// <summary>A fixed point in time: one relative to now would mean another one in every replay.</summary>
    private static long? Time(SettingsObject from, string name)
    {
        if (from.Text(name) is not { } text)
        {
            return null;
        }

        if (text.Contains('-', StringComparison.Ordinal) && !text.StartsWith("now", StringComparison.Ordinal)
            && TimeText.TryParse(text, DateTimeOffset.UnixEpoch, out var us))
        {
            return us;
        }

        from.Problem(name, $"'{text}' is not a point in time; give one as 2026-01-31T12:00:00Z");
        return null;
    }
}
