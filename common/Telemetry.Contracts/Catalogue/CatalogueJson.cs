using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Catalogue;

/// <summary>Entries as JSON: the form of the API, of exports and of <see cref="CatalogueReader"/>. What is not known is null.</summary>
public static class CatalogueJson
{
    /// <summary>Names of kinds.</summary>
    public static IReadOnlyDictionary<string, CatalogueKind> Kinds { get; } = Enum.GetValues<CatalogueKind>()
        .Where(k => k != CatalogueKind.Unspecified).ToDictionary(k => KebabCase.Of(k.ToString()));

    /// <summary>Name of a kind; null when it is not known.</summary>
    public static string? KindOf(CatalogueEntry entry) => entry.Kind == CatalogueKind.Unspecified ? null : KebabCase.Of(entry.Kind.ToString());

    /// <summary>Name of a source.</summary>
    public static string SourceOf(CatalogueSource source) => KebabCase.Of(source.ToString());

    /// <summary>The unit for people; null when it is not known.</summary>
    public static string? UnitOf(CatalogueEntry? entry) => entry is null ? null
        : entry.Unit.Length > 0 ? entry.Unit
        : entry.UnitCode.Length > 0 ? Text(UcumUnit.SymbolOf(entry.UnitCode)) : null;

    /// <summary>The UCUM code of the unit, also where only its symbol is given; null when it is not known.</summary>
    public static string? UnitCodeOf(CatalogueEntry? entry) => entry is null ? null
        : entry.UnitCode.Length > 0 ? entry.UnitCode
        : entry.Unit.Length > 0 ? UcumUnit.CodeOf(entry.Unit) : null;

    /// <summary>How often a device sends; null when it is not known.</summary>
    public static string? IntervalOf(CatalogueEntry? entry) =>
        entry is { ExpectedIntervalUs: > 0 } ? DurationText.Format(TimeSpan.FromMicroseconds(entry.ExpectedIntervalUs)) : null;

    /// <summary>Tags as <c>name</c> or <c>name=value</c>, by name.</summary>
    public static IReadOnlyList<string> TagsOf(CatalogueEntry? entry) => entry is null ? []
        : [.. entry.Tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => t.Value.Length == 0 ? t.Key : $"{t.Key}={t.Value}")];

    /// <summary>Text, or null for none.</summary>
    public static string? Text(string? text) => string.IsNullOrEmpty(text) ? null : text;

    /// <summary>The members of an entry: of a device or of a sensor, by what it is about.</summary>
    public static void WriteMembers(Utf8JsonWriter writer, CatalogueEntry entry, string device, string sensor)
    {
        writer.WriteString("device", device);
        if (sensor.Length > 0)
        {
            writer.WriteString("sensor", sensor);
        }

        writer.WriteString("displayName", Text(entry.DisplayName));
        writer.WriteString("description", Text(entry.Description));
        if (sensor.Length == 0)
        {
            writer.WriteString("type", Text(entry.Type));
            writer.WriteString("enterprise", Text(entry.Enterprise));
            writer.WriteString("site", Text(entry.Site));
            writer.WriteString("area", Text(entry.Area));
            writer.WriteString("line", Text(entry.Line));
            writer.WriteString("cell", Text(entry.Cell));
            writer.WriteString("expectedInterval", IntervalOf(entry));
        }
        else
        {
            WriteSensor(writer, entry);
        }

        writer.WriteStartArray("tags");
        foreach (var tag in TagsOf(entry))
        {
            writer.WriteStringValue(tag);
        }

        writer.WriteEndArray();
    }

    /// <summary>Who wrote an entry, when and why.</summary>
    public static void WriteRecord(Utf8JsonWriter writer, CatalogueEntry entry)
    {
        writer.WriteNumber("version", entry.Version);
        writer.WriteString("by", Text(entry.By));
        writer.WriteString("comment", Text(entry.Comment));
        writer.WriteString("time", entry.TimeUs == 0 ? null : TimeText.Format(entry.TimeUs));
    }

    private static void WriteSensor(Utf8JsonWriter writer, CatalogueEntry entry)
    {
        writer.WriteString("kind", KindOf(entry));
        writer.WriteString("unit", UnitOf(entry));
        writer.WriteString("unitCode", UnitCodeOf(entry));
        Number(writer, "low", entry.HasLow, entry.Low);
        Number(writer, "high", entry.HasHigh, entry.High);
        Number(writer, "loLo", entry.HasLoLo, entry.LoLo);
        Number(writer, "lo", entry.HasLo, entry.Lo);
        Number(writer, "hi", entry.HasHi, entry.Hi);
        Number(writer, "hiHi", entry.HasHiHi, entry.HiHi);
        Number(writer, "ratePerMinute", entry.HasRatePerMinute, entry.RatePerMinute);
        if (entry.HasDecimals)
        {
            writer.WriteNumber("decimals", entry.Decimals);
        }
        else
        {
            writer.WriteNull("decimals");
        }

        writer.WriteStartObject("states");
        foreach (var (value, name) in entry.States.OrderBy(s => s.Key))
        {
            writer.WriteString(value.ToString(CultureInfo.InvariantCulture), name);
        }

        writer.WriteEndObject();
    }

    private static void Number(Utf8JsonWriter writer, string name, bool isKnown, double value)
    {
        // Sparkplug births may carry limits that are not finite.
        if (isKnown && double.IsFinite(value))
        {
            writer.WriteNumber(name, value);
        }
        else
        {
            writer.WriteNull(name);
        }
    }
}
