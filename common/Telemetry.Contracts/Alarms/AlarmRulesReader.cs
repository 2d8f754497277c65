using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Alarms;

/// <summary>
/// Reads a rules document (JSON, comments and trailing commas allowed) and finds everything that is wrong with it at once. <c>docs/alarms.md</c> has
/// the form.
/// </summary>
public sealed class AlarmRulesReader
{
    /// <summary>Largest document, bytes.</summary>
    public const int DocumentBytesMax = 256 * 1024;

    /// <summary>Most rules.</summary>
    public const int RulesMax = 500;

    private static readonly JsonDocumentOptions Options = new() { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip, MaxDepth = 16 };
    private static readonly string[] OfIncidents =
        ["kinds", "devices", "sensor", "severityMin", "alarm", "priority", "onDelay", "offDelay", "flap", "suppressedBy"];

    private readonly AlarmRuleFields _fields = new();
    private readonly AlarmRuleReader _rules;

    private AlarmRulesReader() => _rules = new AlarmRuleReader(_fields);

    /// <summary>Reads a document.</summary>
    /// <param name="document">UTF-8.</param>
    /// <param name="errors">What is wrong; empty when it can be used.</param>
    /// <returns>The rules; null when something is wrong.</returns>
    public static AlarmRules? Read(ReadOnlyMemory<byte> document, out IReadOnlyList<DocumentError> errors)
    {
        var reader = new AlarmRulesReader();
        errors = reader._fields.Errors;
        if (document.Length > DocumentBytesMax)
        {
            reader._fields.Wrong("", $"it is larger than {DocumentBytesMax} bytes.");
            return null;
        }

        try
        {
            using var json = JsonDocument.Parse(document, Options);
            var rules = reader.Document(json.RootElement) with { Fingerprint = AlarmRulesBook.FingerprintOf(document.Span) };
            return errors.Count == 0 ? rules : null;
        }
        catch (JsonException error)
        {
            reader._fields.Wrong("", $"it is not JSON: {error.Message}");
            return null;
        }
    }

    private AlarmRules Document(JsonElement root)
    {
        var incidents = AlarmRules.Default.Incidents;
        IReadOnlyList<AlarmRule> rules = [];
        if (!_fields.IsObject(root, "", ["incidents", "rules", "$schema"]))
        {
            return new AlarmRules(incidents, rules);
        }

        if (root.TryGetProperty("incidents", out var list))
        {
            incidents = [.. _fields.Items(list, "incidents").Select(item => Incident(item.Value, item.Where))];
        }

        if (root.TryGetProperty("rules", out list))
        {
            rules = [.. _fields.Items(list, "rules").Select(item => _rules.Read(item.Value, item.Where)).OfType<AlarmRule>()];
        }

        CheckNames(rules);
        return new AlarmRules(incidents, rules);
    }

    private void CheckNames(IReadOnlyList<AlarmRule> rules)
    {
        foreach (var twice in rules.GroupBy(r => r.Name).Where(g => g.Count() > 1))
        {
            _fields.Wrong("rules", $"{twice.Count()} rules are named '{twice.Key}'; a name stands for one.");
        }

        var byName = rules.GroupBy(r => r.Name).ToDictionary(g => g.Key, g => g.First());
        foreach (var rule in rules)
        {
            if (rule.Type == RuleType.Group && (!byName.TryGetValue(rule.Of, out var counted) || counted.Type == RuleType.Group))
            {
                _fields.Wrong($"rules '{rule.Name}'.of", $"'{rule.Of}' is not the name of another rule over readings.");
            }

            foreach (var source in rule.Handling.SuppressedBy.Where(s => !byName.ContainsKey(s) && !IsIncidentSource(s)))
            {
                _fields.Wrong($"rules '{rule.Name}'.suppressedBy", $"'{source}' is neither the name of a rule nor incident.KIND.");
            }
        }
    }

    private IncidentRule Incident(JsonElement item, string where)
    {
        if (!_fields.IsObject(item, where, OfIncidents))
        {
            return new IncidentRule();
        }

        return new IncidentRule
        {
            Kinds = _fields.Texts(item, where, "kinds", k => IncidentKinds.Contains(k), $"one of {string.Join(", ", IncidentKinds.Order())}"),
            Devices = _fields.Pattern(item, where, "devices") ?? NamePattern.Any,
            Sensors = _fields.Pattern(item, where, "sensor") ?? NamePattern.Any,
            SeverityMin = _fields.Integer(item, where, "severityMin", 0, 1000) ?? 0,
            Alarm = !item.TryGetProperty("alarm", out var alarm) || _fields.Boolean(alarm, where + ".alarm"),
            Priority = _fields.Priority(item, where) ?? AlarmPriority.Unspecified,
            Handling = RuleHandlingReader.Read(_fields, item, where),
        };
    }

    private static bool IsIncidentSource(string source) =>
        source.StartsWith("incident.", StringComparison.Ordinal) && IncidentKinds.Contains(source["incident.".Length..]);

    private static HashSet<string> IncidentKinds { get; } =
        [.. Enum.GetValues<IncidentKind>().Where(k => k != IncidentKind.Unspecified).Select(k => KebabCase.Of(k.ToString()))];
}
