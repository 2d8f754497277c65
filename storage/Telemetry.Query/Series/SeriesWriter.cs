using System.Text.Json;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Query.Answers;

namespace Telemetry.Query.Series;

/// <summary>Writes series as JSON columns: an array a column, as charts take them.</summary>
internal static class SeriesWriter
{
    /// <summary>Figures of a bucket, by name.</summary>
    public static readonly IReadOnlyList<(string Name, Func<SeriesPoint, double> Get)> Columns =
    [
        ("min", point => point.Min),
        ("max", point => point.Max),
        ("mean", point => point.Mean),
        ("first", point => point.First),
        ("last", point => point.Last),
    ];

    /// <summary>What the catalogue says of the values.</summary>
    public static void Sensor(Utf8JsonWriter writer, CatalogueEntry? entry)
    {
        writer.WriteString("displayName", CatalogueJson.Text(entry?.DisplayName));
        writer.WriteString("unit", CatalogueJson.UnitOf(entry));
        writer.WriteString("unitCode", CatalogueJson.UnitCodeOf(entry));
        writer.WriteString("kind", entry is null ? null : CatalogueJson.KindOf(entry));
        Decimals(writer, entry);
    }

    /// <summary>Decimals that people read the values with; null where the catalogue does not say.</summary>
    public static void Decimals(Utf8JsonWriter writer, CatalogueEntry? entry)
    {
        writer.WritePropertyName("decimals");
        if (entry is { HasDecimals: true })
        {
            writer.WriteNumberValue(entry.Decimals);
        }
        else
        {
            writer.WriteNullValue();
        }
    }

    public static void Head(Utf8JsonWriter writer, SeriesQuery query)
    {
        writer.WriteString("from", TimeText.Format(query.Range.From));
        writer.WriteString("to", TimeText.Format(query.Range.To));
        writer.WriteString("source", query.Source.Name());
        writer.WriteBoolean("raw", query.IsRaw);
        writer.WriteNumber("stepMs", query.StepUs / 1000);
        writer.WriteString("tz", query.Days?.Zone);
        writer.WriteString("completeFrom", query.CompleteFrom is { } from ? TimeText.Format(from) : null);
        writer.WriteStartArray("segments");
        foreach (var segment in query.Segments)
        {
            writer.WriteStartObject();
            writer.WriteString("source", segment.Source.Name());
            writer.WriteString("from", TimeText.Format(segment.Range.From));
            writer.WriteString("to", TimeText.Format(segment.Range.To));
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }

    public static void Points(Utf8JsonWriter writer, IReadOnlyList<SeriesPoint> points)
    {
        writer.WriteStartObject("columns");
        Times(writer, points.Select(point => point.TimeUs));
        foreach (var (name, get) in Columns)
        {
            writer.WriteStartArray(name);
            foreach (var point in points)
            {
                JsonValues.Number(writer, get(point));
            }

            writer.WriteEndArray();
        }

        writer.WriteStartArray("count");
        foreach (var point in points)
        {
            writer.WriteNumberValue(point.Count);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Raw(Utf8JsonWriter writer, IReadOnlyList<RawPoint> points)
    {
        writer.WriteStartObject("columns");
        Times(writer, points.Select(point => point.TimeUs));
        writer.WriteStartArray("value");
        foreach (var point in points)
        {
            JsonValues.Number(writer, point.Value);
        }

        writer.WriteEndArray();
        writer.WriteStartArray("special");
        foreach (var point in points)
        {
            writer.WriteStringValue(JsonValues.SpecialName(point.Value));
        }

        writer.WriteEndArray();
        writer.WriteStartArray("quality");
        foreach (var point in points)
        {
            writer.WriteNumberValue(point.Quality);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    public static void Times(Utf8JsonWriter writer, IEnumerable<long> times)
    {
        writer.WriteStartArray("t");
        foreach (var us in times)
        {
            writer.WriteNumberValue(us / 1000m);
        }

        writer.WriteEndArray();
    }
}
