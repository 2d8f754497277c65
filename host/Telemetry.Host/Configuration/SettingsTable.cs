using System.Collections;
using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using System.Xml.Linq;

namespace Telemetry.Host.Configuration;

/// <summary>Every setting with its default and meaning, written from the option records and their documentation.</summary>
internal static class SettingsTable
{
    /// <summary>The table as Markdown: <c>docs/configuration.md</c> is this text.</summary>
    public static string Write()
    {
        var text = new StringBuilder();
        text.Append(
            """
            # Configuration

            Written by `./telemetry settings`; do not edit by hand.

            A setting comes from, later ones winning: `appsettings.json` beside the executable, a file given with `--config`, an environment
            variable `TELEMETRY__SECTION__NAME`, a flag (`--set Section:Name=value`, or the short flags of a command). Durations are written
            `250ms`, `5s`, `10m`, `24h` or `730d`. Everything is checked at start; an error names the key, the value, where it came from and
            what to give instead. Defaults that name folders lie under `Data`.


            """);
        var documentation = new Documentation();
        WriteTable(text, "General", "", new TelemetryOptions(), documentation, scalarsOnly: true);
        foreach (var section in Settable(typeof(TelemetryOptions)).Where(p => IsSection(p.PropertyType)))
        {
            var options = section.GetValue(new TelemetryOptions());
            text.Append(CultureInfo.InvariantCulture, $"## {section.Name}\n\n{documentation.Of(section)}\n\n");
            WriteTable(text, null, section.Name + ":", options!, documentation, scalarsOnly: false);
        }

        return text.ToString();
    }

    private static void WriteTable(
        StringBuilder text, string? title, string path, object options, Documentation documentation, bool scalarsOnly)
    {
        if (title is not null)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {title}\n\n");
        }

        text.Append("| setting | default | meaning |\n|---|---|---|\n");
        WriteRows(text, path, options, documentation, scalarsOnly);
        text.Append('\n');
    }

    private static void WriteRows(StringBuilder text, string path, object options, Documentation documentation, bool scalarsOnly)
    {
        foreach (var property in Settable(options.GetType()))
        {
            var value = property.GetValue(options);
            if (IsSection(property.PropertyType))
            {
                if (!scalarsOnly && value is not null)
                {
                    WriteRows(text, path + property.Name + ":", value, documentation, scalarsOnly: false);
                }

                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"| `{path}{property.Name}` | {Show(value)} | {documentation.Of(property)} |\n");
        }
    }

    private static IEnumerable<PropertyInfo> Settable(Type type) =>
        type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(p => p.SetMethod is not null && p.GetIndexParameters().Length == 0);

    private static bool IsSection(Type type) =>
        type is { IsClass: true, IsArray: false } && type != typeof(string) && type != typeof(IPAddress) && type != typeof(Uri)
        && !typeof(IEnumerable).IsAssignableFrom(type);

    private static string Show(object? value) => value switch
    {
        null or "" => "none",
        TimeSpan span => $"`{Duration(span)}`",
        string text => $"`{text}`",
        IEnumerable list => list.Cast<object>().Any() ? $"`{string.Join(", ", list.Cast<object>())}`" : "empty",
        bool flag => flag ? "`true`" : "`false`",
        _ => $"`{Convert.ToString(value, CultureInfo.InvariantCulture)}`",
    };

    private static string Duration(TimeSpan span) => span switch
    {
        _ when span == TimeSpan.Zero => "0s",
        _ when span.Ticks % TimeSpan.TicksPerDay == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalDays}d"),
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalHours}h"),
        _ when span.Ticks % TimeSpan.TicksPerMinute == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMinutes}m"),
        _ when span.Ticks % TimeSpan.TicksPerSecond == 0 => string.Create(CultureInfo.InvariantCulture, $"{span.TotalSeconds}s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{span.TotalMilliseconds}ms"),
    };

    /// <summary>The summaries of the XML documentation files beside the assemblies.</summary>
    private sealed class Documentation
    {
        private readonly Dictionary<string, XElement> _members = [];

        public Documentation()
        {
            foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory, "*.xml"))
            {
                foreach (var member in XDocument.Load(file).Descendants("member"))
                {
                    _members[member.Attribute("name")!.Value] = member;
                }
            }
        }

        public string Of(PropertyInfo property)
        {
            var summary = _members.GetValueOrDefault($"P:{property.DeclaringType!.FullName}.{property.Name}")?.Element("summary");
            return summary is null ? "" : string.Join(' ', Text(summary).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).Replace("|", "\\|", StringComparison.Ordinal);
        }

        private static string Text(XElement element) => string.Concat(element.Nodes().Select(node => node switch
        {
            XText text => text.Value,
            XElement { Name.LocalName: "see" or "paramref" } see => "`" + (see.Attribute("cref") ?? see.Attribute("langword") ?? see.Attribute("name"))?.Value.Split('.')[^1] + "`",
            XElement { Name.LocalName: "c" } code => "`" + code.Value + "`",
            XElement other => Text(other),
            _ => "",
        }));
    }
}
