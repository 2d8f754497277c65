using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Query.Answers;
using Telemetry.Query.Live;
using Telemetry.Query.Parameters;
using Telemetry.Query.Series;

namespace Telemetry.Query.Endpoints;

/// <summary>Newest reading of a series.</summary>
/// <param name="Name">The series.</param>
/// <param name="Value">Its newest reading up to now; null when there is none.</param>
/// <param name="Live">True: it came from the log, before it was stored.</param>
/// <param name="Ahead">Its newest reading when that is in the future, so that its clock is wrong; null when it is not.</param>
internal readonly record struct LatestRow(SeriesName Name, LatestValue? Value, bool Live, LatestValue? Ahead)
{
    public string Source => Live ? "live" : "store";
}

/// <summary>Writes newest readings in the three formats.</summary>
internal static class LatestRows
{
    private const string Head =
        "\"device\",\"sensor\",\"time\",\"value\",\"special\",\"quality\",\"source\",\"clockAhead\",\"aheadTime\",\"aheadValue\",\"unit\",\"displayName\"\n";

    public static async Task WriteAsync(
        HttpResponse response, IReadOnlyList<LatestRow> rows, CatalogueBook? book, OutputFormat format, CancellationToken cancellationToken)
    {
        if (format == OutputFormat.Csv)
        {
            var text = new StringBuilder(Head);
            foreach (var row in rows)
            {
                var entry = book?.Sensor(row.Name.Device, row.Name.Sensor);
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"\"{row.Name.Device}\",\"{row.Name.Sensor}\",{Time(row.Value)},{Number(row.Value)},\"{Special(row.Value)}\",{(int?)row.Value?.Quality},\"{row.Source}\",{(row.Ahead is null ? "false" : "true")},{Time(row.Ahead)},{Number(row.Ahead)},{Quoted(CatalogueJson.UnitOf(entry))},{Quoted(entry?.DisplayName)}\n");
            }

            await response.WriteAsync(text.ToString(), cancellationToken);
            return;
        }

        foreach (var row in rows)
        {
            await using (var writer = new Utf8JsonWriter(response.BodyWriter))
            {
                Write(writer, row, book);
            }

            response.BodyWriter.Put("\n"u8);
        }

        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    public static void Write(Utf8JsonWriter writer, in LatestRow row, CatalogueBook? book)
    {
        var entry = book?.Sensor(row.Name.Device, row.Name.Sensor);
        writer.WriteStartObject();
        writer.WriteString("device", row.Name.Device);
        writer.WriteString("sensor", row.Name.Sensor);
        writer.WriteString("time", row.Value is { } value ? TimeText.Format(value.TimeUs) : null);
        JsonValues.Number(writer, "value", row.Value?.Value ?? double.NaN);
        writer.WriteString("special", Special(row.Value));
        writer.WriteNumber("quality", (int?)row.Value?.Quality ?? 0);
        writer.WriteString("source", row.Source);
        writer.WriteBoolean("clockAhead", row.Ahead is not null);
        if (row.Ahead is { } ahead)
        {
            writer.WriteString("aheadTime", TimeText.Format(ahead.TimeUs));
            JsonValues.Number(writer, "aheadValue", ahead.Value);
        }

        writer.WriteString("unit", CatalogueJson.UnitOf(entry));
        writer.WriteString("displayName", CatalogueJson.Text(entry?.DisplayName));
        SeriesWriter.Decimals(writer, entry);
        writer.WriteEndObject();
    }

    private static string Special(LatestValue? value) => value is { } some ? JsonValues.SpecialName(some.Value) ?? "" : "";

    private static string Quoted(string? text) => string.IsNullOrEmpty(text) ? "" : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string Time(LatestValue? value) => value is { } some ? $"\"{TimeText.Format(some.TimeUs)}\"" : "";

    private static string Number(LatestValue? value) =>
        value is { } some && double.IsFinite(some.Value) ? some.Value.ToString("R", CultureInfo.InvariantCulture) : "";
}
