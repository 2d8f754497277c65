using System.Globalization;

namespace Telemetry.Observability.Metrics;

/// <summary>
/// Figures of another process, read from its <c>/metrics</c> in Prometheus' text format 0.0.4: sums over the series of each name,
/// and single series of the few names that are asked for.
/// </summary>
public sealed class MetricsText
{
    private readonly HashSet<string> _growing = new(StringComparer.Ordinal);

    /// <summary>Sum over the series; of a bucket the key is <c>name_bucket|le</c>.</summary>
    public Dictionary<string, double> Sums { get; } = new(StringComparer.Ordinal);

    /// <summary>Series with their tags, of the names asked for.</summary>
    public List<(string Name, IReadOnlyDictionary<string, string> Tags, double Value)> Series { get; } = [];

    /// <summary>True: the value only grows while its process lives.</summary>
    public bool IsGrowing(string key) => _growing.Contains(key);

    /// <param name="text">Body of <c>/metrics</c>.</param>
    /// <param name="keep">Names whose series are kept one by one.</param>
    public static MetricsText Parse(string text, params string[] keep)
    {
        var parsed = new MetricsText();
        var growing = false;
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith("# TYPE "))
            {
                growing = line.EndsWith(" counter") || line.EndsWith(" histogram");
            }
            else if (line.Length > 0 && line[0] != '#')
            {
                parsed.Add(line, growing, keep);
            }
        }

        return parsed;
    }

    private void Add(ReadOnlySpan<char> line, bool growing, string[] keep)
    {
        var space = line.LastIndexOf(' ');
        if (space < 0 || !double.TryParse(line[(space + 1)..], NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
        {
            return; // Infinities and NaN say nothing in a sum.
        }

        var brace = line[..space].IndexOf('{');
        var name = (brace < 0 ? line[..space] : line[..brace]).ToString();
        var tags = brace < 0 ? [] : line[(brace + 1)..(space - 1)];
        var key = name;
        var le = tags.LastIndexOf("le=\"");
        if (le >= 0 && name.EndsWith("_bucket", StringComparison.Ordinal))
        {
            key = $"{name}|{tags[(le + 4)..^1]}";
        }

        Sums[key] = Sums.GetValueOrDefault(key) + value;
        if (growing)
        {
            _growing.Add(key);
        }

        if (keep.Contains(name))
        {
            Series.Add((name, Tags(tags), value));
        }
    }

    private static Dictionary<string, string> Tags(ReadOnlySpan<char> text)
    {
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        while (text.IndexOf("=\"") is var equals and > 0)
        {
            var rest = text[(equals + 2)..];
            var end = rest.IndexOf('"');
            if (end < 0)
            {
                break;
            }

            tags[text[..equals].TrimStart(',').ToString()] = rest[..end].ToString();
            text = rest[(end + 1)..];
        }

        return tags;
    }
}
