using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>
/// Reads a rules document (JSON, comments and trailing commas allowed) and finds everything that is wrong with it at once. <c>docs/alarms.md</c> has
/// the form.
/// </summary>
public sealed partial class AlarmRulesReader
{
    /// <summary>Largest document, bytes.</summary>
    public const int DocumentBytesMax = 256 * 1024;

    /// <summary>Most rules.</summary>
    public const int RulesMax = 500;

    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 16 };
    private static readonly TimeSpan DurationMax = TimeSpan.FromDays(30);
    private static readonly string[] Common =
        ["name", "type", "devices", "alarm", "priority", "text", "onDelay", "offDelay", "flap", "suppressedBy"];

    private static readonly Dictionary<RuleType, string[]> Own = new()
    {
        [RuleType.Threshold] = ["sensor", "above", "below", "deadband", "for"],
        [RuleType.Rate] = ["sensor", "above", "below", "deadband", "for", "per"],
        [RuleType.Stale] = ["sensor", "after", "deadband"],
        [RuleType.Absent] = ["sensor", "after"],
        [RuleType.Expression] = ["expression", "deadband", "for", "maxAge"],
        [RuleType.Group] = ["of", "atLeast"],
    };

    private static readonly string[] OfIncidents =
        ["kinds", "devices", "sensor", "severityMin", "alarm", "priority", "onDelay", "offDelay", "flap", "suppressedBy"];

    private readonly List<DocumentError> _errors = [];

    /// <summary>Reads a document.</summary>
    /// <param name="document">UTF-8.</param>
    /// <param name="errors">What is wrong; empty when it can be used.</param>
    /// <returns>The rules; null when something is wrong.</returns>
    public static AlarmRules? Read(ReadOnlyMemory<byte> document, out IReadOnlyList<DocumentError> errors)
    {
        var reader = new AlarmRulesReader();
        errors = reader._errors;
        if (document.Length > DocumentBytesMax)
        {
            reader.Wrong("", $"it is larger than {DocumentBytesMax} bytes.");
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(document, Options);
            var rules = reader.Document(json.RootElement) with { Fingerprint = AlarmRulesBook.FingerprintOf(document.Span) };
            return reader._errors.Count == 0 ? rules : null;
        }
        catch (JsonException error)
        {
            reader.Wrong("", $"it is not JSON: {error.Message}");
            return null;
        }
    }

    private AlarmRules Document(JsonElement root)
    {
        var incidents = AlarmRules.Default.Incidents;
        IReadOnlyList<AlarmRule> rules = [];
        if (!IsObject(root, "", ["incidents", "rules", "$schema"]))
        {
            return new AlarmRules(incidents, rules);
        }

        if (root.TryGetProperty("incidents", out var list))
        {
            incidents = [.. Items(list, "incidents").Select(item => Incident(item.Value, item.Where))];
        }

        if (root.TryGetProperty("rules", out list))
        {
            rules = [.. Items(list, "rules").Select(item => Rule(item.Value, item.Where)).OfType<AlarmRule>()];
        }

        CheckNames(rules);
        return new AlarmRules(incidents, rules);
    }

    private void CheckNames(IReadOnlyList<AlarmRule> rules)
    {
        foreach (var twice in rules.GroupBy(r => r.Name).Where(g => g.Count() > 1))
        {
            Wrong("rules", $"{twice.Count()} rules are named '{twice.Key}'; a name stands for one.");
        }

        var byName = rules.GroupBy(r => r.Name).ToDictionary(g => g.Key, g => g.First());
        foreach (var rule in rules)
        {
            if (rule.Type == RuleType.Group && (!byName.TryGetValue(rule.Of, out var counted) || counted.Type == RuleType.Group))
            {
                Wrong($"rules '{rule.Name}'.of", $"'{rule.Of}' is not the name of another rule over readings.");
            }

            foreach (var source in rule.Handling.SuppressedBy.Where(s => !byName.ContainsKey(s) && !IsIncidentSource(s)))
            {
                Wrong($"rules '{rule.Name}'.suppressedBy", $"'{source}' is neither the name of a rule nor incident.KIND.");
            }
        }
    }

    private IncidentRule Incident(JsonElement item, string where)
    {
        if (!IsObject(item, where, OfIncidents))
        {
            return new IncidentRule();
        }

        return new IncidentRule
        {
            Kinds = Texts(item, where, "kinds", k => IncidentKinds.Contains(k), $"one of {string.Join(", ", IncidentKinds.Order())}"),
            Devices = Pattern(item, where, "devices") ?? NamePattern.Any,
            Sensors = Pattern(item, where, "sensor") ?? NamePattern.Any,
            SeverityMin = Integer(item, where, "severityMin", 0, 1000) ?? 0,
            Alarm = !item.TryGetProperty("alarm", out var alarm) || Boolean(alarm, where + ".alarm"),
            Priority = Priority(item, where) ?? AlarmPriority.Unspecified,
            Handling = Handling(item, where),
        };
    }

    private AlarmRule? Rule(JsonElement item, string where)
    {
        if (!IsObject(item, where, null))
        {
            return null;
        }

        if (Text(item, where, "type") is not { } typeName || !Enum.TryParse<RuleType>(typeName, ignoreCase: true, out var type) || char.IsDigit(typeName[0]))
        {
            Wrong(where + ".type", $"give one of {string.Join(", ", KebabCase.OfAll<RuleType>())}.");
            return null;
        }

        IsObject(item, where, [.. Common, .. Own[type]]);
        var name = Text(item, where, "name") ?? "";
        if (!RuleName().IsMatch(name))
        {
            Wrong(where + ".name", "give it a name of 1 to 64 of a-z, 0-9 and -.");
        }

        var rule = new AlarmRule
        {
            Name = name,
            Type = type,
            Devices = Pattern(item, where, "devices") ?? NamePattern.Any,
            Sensors = Pattern(item, where, "sensor"),
            Above = Number(item, where, "above"),
            Below = Number(item, where, "below"),
            Deadband = Number(item, where, "deadband") ?? 0,
            For = Duration(item, where, "for") ?? TimeSpan.Zero,
            Window = WindowOf(item, where, type),
            Expression = type == RuleType.Expression ? Expression(item, where) : null,
            Alarm = !item.TryGetProperty("alarm", out var alarm) || Boolean(alarm, where + ".alarm"),
            Of = Text(item, where, "of") ?? "",
            AtLeast = Integer(item, where, "atLeast", 1, 1_000_000) ?? 0,
            Priority = Priority(item, where) ?? AlarmPriority.Medium,
            Text = Text(item, where, "text") ?? "",
            Handling = Handling(item, where),
        };
        CheckType(rule, where);
        return rule;
    }

    private void CheckType(AlarmRule rule, string where)
    {
        if (rule.Type is RuleType.Threshold or RuleType.Rate or RuleType.Stale && rule.Sensors is null)
        {
            Wrong(where + ".sensor", "name the sensor, or a pattern such as temp*.");
        }

        if (rule.Type is RuleType.Threshold or RuleType.Rate)
        {
            if (rule.Above is null && rule.Below is null)
            {
                Wrong(where, "give above, below or both.");
            }
            else if (rule.Below >= rule.Above)
            {
                Wrong(where + ".below", "is not less than above: every value would be beyond a limit.");
            }
        }

        if (rule.Deadband < 0)
        {
            Wrong(where + ".deadband", "give 0 or more.");
        }

        if (rule.Above is { } above && rule.Below is { } below && above - rule.Deadband < below + rule.Deadband)
        {
            Wrong(where + ".deadband", "is so wide that no value between the limits ends the condition.");
        }

        if (rule.Type == RuleType.Group && rule.AtLeast == 0)
        {
            Wrong(where + ".atLeast", "give the number of devices, 1 or more.");
        }

        if (rule.Text.Length > 500)
        {
            Wrong(where + ".text", "is longer than 500 characters.");
        }
    }

    private TimeSpan WindowOf(JsonElement item, string where, RuleType type)
    {
        var (name, fallback) = type switch
        {
            RuleType.Rate => ("per", TimeSpan.FromMinutes(1)),
            RuleType.Expression => ("maxAge", TimeSpan.FromMinutes(5)),
            RuleType.Stale or RuleType.Absent => ("after", TimeSpan.Zero),
            _ => ("", TimeSpan.Zero),
        };
        if (name.Length == 0)
        {
            return TimeSpan.Zero;
        }

        var given = Duration(item, where, name);
        if (given is { } span && span < TimeSpan.FromSeconds(1))
        {
            Wrong($"{where}.{name}", "give 1s or more.");
        }
        else if (given is null && fallback == TimeSpan.Zero && !item.TryGetProperty(name, out _))
        {
            Wrong($"{where}.{name}", "say after how long, for example 5m.");
        }

        return given ?? fallback;
    }

    private SensorExpression? Expression(JsonElement item, string where)
    {
        if (Text(item, where, "expression") is not { } text)
        {
            Wrong(where + ".expression", "give a comparison over two sensors, for example inlet - outlet > 15.");
            return null;
        }

        try
        {
            return SensorExpression.Parse(text);
        }
        catch (FormatException error)
        {
            Wrong(where + ".expression", error.Message);
            return null;
        }
    }

    private RuleHandling Handling(JsonElement item, string where)
    {
        var (count, within) = (0, TimeSpan.Zero);
        if (item.TryGetProperty("flap", out var flap) && IsObject(flap, where + ".flap", ["count", "within"]))
        {
            count = Integer(flap, where + ".flap", "count", 2, 100) ?? 0;
            within = Duration(flap, where + ".flap", "within") ?? TimeSpan.Zero;
            if (count == 0 || within < TimeSpan.FromSeconds(1))
            {
                Wrong(where + ".flap", "give count (2 to 100) and within, for example {\"count\": 5, \"within\": \"10m\"}.");
            }
        }

        return new RuleHandling
        {
            OnDelay = Duration(item, where, "onDelay") ?? TimeSpan.Zero,
            OffDelay = Duration(item, where, "offDelay") ?? TimeSpan.Zero,
            FlapCount = count,
            FlapWithin = within,
            SuppressedBy = Texts(item, where, "suppressedBy", s => s.Length is > 0 and <= 80, "the name of a rule, or incident.KIND"),
        };
    }

    private static bool IsIncidentSource(string source) =>
        source.StartsWith("incident.", StringComparison.Ordinal) && IncidentKinds.Contains(source["incident.".Length..]);

    private static HashSet<string> IncidentKinds { get; } =
        [.. Enum.GetValues<IncidentKind>().Where(k => k != IncidentKind.Unspecified).Select(k => KebabCase.Of(k.ToString()))];

    private bool IsObject(JsonElement item, string where, string[]? known)
    {
        if (item.ValueKind != JsonValueKind.Object)
        {
            Wrong(where, "an object was expected.");
            return false;
        }

        foreach (var property in item.EnumerateObject().Where(p => known is not null && !known.Contains(p.Name)))
        {
            Wrong(where.Length == 0 ? property.Name : $"{where}.{property.Name}", $"is not known here. There are: {string.Join(", ", known!)}.");
        }

        return true;
    }

    private IEnumerable<(JsonElement Value, string Where)> Items(JsonElement list, string where)
    {
        if (list.ValueKind != JsonValueKind.Array)
        {
            Wrong(where, "a list was expected.");
            return [];
        }

        if (list.GetArrayLength() > RulesMax)
        {
            Wrong(where, $"there are more than {RulesMax}.");
            return [];
        }

        return list.EnumerateArray().Select((item, i) => (item, string.Create(CultureInfo.InvariantCulture, $"{where}[{i}]")));
    }

    private string? Text(JsonElement item, string where, string name)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && value.GetString()!.Length > 0)
        {
            return value.GetString();
        }

        Wrong($"{where}.{name}", "a text was expected.");
        return null;
    }

    private List<string> Texts(JsonElement item, string where, string name, Func<string, bool> isUsable, string expected)
    {
        if (!item.TryGetProperty(name, out var list))
        {
            return [];
        }

        var texts = new List<string>();
        foreach (var (value, at) in Items(list, $"{where}.{name}"))
        {
            if (value.ValueKind == JsonValueKind.String && isUsable(value.GetString()!))
            {
                texts.Add(value.GetString()!);
            }
            else
            {
                Wrong(at, $"give {expected}.");
            }
        }

        return texts;
    }

    private NamePattern? Pattern(JsonElement item, string where, string name)
    {
        if (Text(item, where, name) is not { } text)
        {
            return null;
        }

        if (text.Length > 128)
        {
            Wrong($"{where}.{name}", "is longer than 128 characters.");
        }

        return new NamePattern(text);
    }

    private double? Number(JsonElement item, string where, string name)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
        {
            return number;
        }

        Wrong($"{where}.{name}", "a number was expected.");
        return null;
    }

    private int? Integer(JsonElement item, string where, string name, int least, int most)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most)
        {
            return number;
        }

        Wrong($"{where}.{name}", $"a whole number from {least} to {most} was expected.");
        return null;
    }

    private bool Boolean(JsonElement value, string where)
    {
        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Wrong(where, "true or false was expected.");
        return true;
    }

    private TimeSpan? Duration(JsonElement item, string where, string name)
    {
        if (!item.TryGetProperty(name, out var value))
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.String && DurationText.TryParse(value.GetString()!, out var duration) && duration <= DurationMax)
        {
            return duration;
        }

        Wrong($"{where}.{name}", "a duration up to 30d was expected, for example 30s or 5m.");
        return null;
    }

    private AlarmPriority? Priority(JsonElement item, string where)
    {
        if (Text(item, where, "priority") is not { } name)
        {
            return null;
        }

        if (AlarmNames.Priorities.TryGetValue(name, out var priority))
        {
            return priority;
        }

        Wrong(where + ".priority", $"give one of {string.Join(", ", AlarmNames.Priorities.Keys)}.");
        return null;
    }

    private void Wrong(string where, string problem) => _errors.Add(new DocumentError(where.Length == 0 ? "the document" : where, problem));

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,63}$", RegexOptions.CultureInvariant)]
    private static partial Regex RuleName();
}
