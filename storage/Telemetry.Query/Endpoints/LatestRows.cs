using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Query.Answers;
using Telemetry.Query.Live;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>Newest reading of a series, and whether it came from the log before it was stored.</summary>
internal readonly record struct LatestRow(string Device, string Sensor, LatestValue Value, bool Live)
{
    public string Source => Live ? "live" : "store";
}

/// <summary>Writes newest readings in the three formats.</summary>
internal static class LatestRows
{
    public static async Task WriteAsync(
        HttpResponse response, IReadOnlyList<LatestRow> rows, OutputFormat format, CancellationToken cancellationToken)
    {
        if (format == OutputFormat.Csv)
        {
            var text = new StringBuilder("\"device\",\"sensor\",\"time\",\"value\",\"special\",\"quality\",\"source\"\n");
            foreach (var row in rows)
            {
                var value = double.IsFinite(row.Value.Value) ? row.Value.Value.ToString("R", CultureInfo.InvariantCulture) : "";
                text.Append(
                    CultureInfo.InvariantCulture,
                    $"\"{row.Device}\",\"{row.Sensor}\",\"{TimeText.Format(row.Value.TimeUs)}\",{value},\"{JsonValues.SpecialName(row.Value.Value)}\",{(int)row.Value.Quality},\"{row.Source}\"\n");
            }

            await response.WriteAsync(text.ToString(), cancellationToken);
            return;
        }

        foreach (var row in rows)
        {
            await using (var writer = new Utf8JsonWriter(response.BodyWriter))
            {
                Write(writer, row);
            }

            response.BodyWriter.Write("\n"u8);
        }

        await response.BodyWriter.FlushAsync(cancellationToken);
    }

    public static void Write(Utf8JsonWriter writer, in LatestRow row)
    {
        writer.WriteStartObject();
        writer.WriteString("device", row.Device);
        writer.WriteString("sensor", row.Sensor);
        writer.WriteString("time", TimeText.Format(row.Value.TimeUs));
        JsonValues.Number(writer, "value", row.Value.Value);
        writer.WriteString("special", JsonValues.SpecialName(row.Value.Value) ?? "");
        writer.WriteNumber("quality", (int)row.Value.Quality);
        writer.WriteString("source", row.Source);
        writer.WriteEndObject();
    }
}
