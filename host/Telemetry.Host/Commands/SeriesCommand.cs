using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Measurement;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary>One series of the running platform.</summary>
internal static class SeriesCommand
{
    private static readonly Dictionary<string, string> MediaTypes = new()
    {
        ["json"] = "application/json", ["csv"] = "text/csv", ["jsonl"] = "application/x-ndjson",
    };

    public static Command Create()
    {
        var device = new Argument<string>("device") { Description = "Device id." };
        var sensor = new Argument<string>("sensor") { Description = "Sensor name." };
        var from = new Option<string>("--from") { Description = "Start: 2h (that long ago) or 2026-11-21T08:00:00Z (default 1h).", DefaultValueFactory = _ => "1h" };
        var to = new Option<string>("--to") { Description = "End, exclusive, in the same form (default now).", DefaultValueFactory = _ => "now" };
        var step = new Option<string>("--step") { Description = "auto, raw, or a bucket such as 1m, 1h, 1d (default auto).", DefaultValueFactory = _ => "auto" };
        var points = new Option<int?>("--points") { Description = "With auto: no more rows than this (default: what the API gives)." };
        var format = new Option<string>("--format") { Description = "table (default), csv, jsonl or json.", DefaultValueFactory = _ => "table" };
        format.AcceptOnlyFromAmong("table", "csv", "jsonl", "json");
        var api = new ApiOption();
        var command = new Command("series", "Prints the readings of one sensor of one device, or their minimum, mean and maximum by bucket.")
        {
            device, sensor, from, to, step, points, format,
        };
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var query = $"device={Escape(result.GetValue(device))}&sensor={Escape(result.GetValue(sensor))}&from={Escape(result.GetValue(from))}"
                + $"&to={Escape(result.GetValue(to))}&step={Escape(result.GetValue(step))}"
                + (result.GetValue(points) is { } count ? $"&points={count.ToString(CultureInfo.InvariantCulture)}" : "");
            using var client = api.Connect(result);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(format) is { } chosen && MediaTypes.TryGetValue(chosen, out var media))
            {
                using var answer = await client.OpenAsync(HttpMethod.Get, $"api/v1/series?{query}", null, media, cancellationToken);
                using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancellationToken));
                while (await reader.ReadLineAsync(cancellationToken) is { } line)
                {
                    await output.WriteLineAsync(line);
                }

                return 0;
            }

            await WriteAsync(output, await client.GetAsync($"api/v1/series?{query}", cancellationToken));
            return 0;
        });
        return command;
    }

    private static async Task WriteAsync(TextWriter output, JsonElement series)
    {
        var all = series.GetProperty("columns");
        string[] columns = series.GetProperty("raw").GetBoolean() ? ["value", "quality"] : ["min", "mean", "max", "count"];
        var times = all.GetProperty("t").EnumerateArray().Select(t => UnixMicros.ToTime((long)(t.GetDecimal() * 1000))).ToArray();
        if (times.Length == 0)
        {
            await Console.Error.WriteLineAsync("No readings in this range. telemetry devices --device DEVICE shows what there is and how new it is.");
            return;
        }

        var values = columns.Select(c => all.GetProperty(c).EnumerateArray().Select((v, i) => Cell(all, c, v, i)).ToArray()).ToArray();
        await new TextTable(["time", .. columns]).WriteAsync(output, times.Select((time, i) => (string[])
        [
            time.ToString("yyyy-MM-ddTHH:mm:ss.FFFZ", CultureInfo.InvariantCulture), .. values.Select(v => v[i]),
        ]));
        if (series.GetProperty("meta").TryGetProperty("truncated", out var cut) && cut.GetBoolean())
        {
            await Console.Error.WriteLineAsync("There is more than this answer gives: choose a shorter range or a larger --step.");
        }
    }

    private static string Cell(JsonElement columns, string column, JsonElement value, int row) => (column, value.ValueKind) switch
    {
        ("quality", _) => QualityText.Of(value.GetInt32()),
        ("value", JsonValueKind.Null) => columns.GetProperty("special")[row].ToString(),
        (_, JsonValueKind.Null) => "",
        ("count", _) => value.GetRawText(),
        _ => value.GetDouble().ToString("G7", CultureInfo.InvariantCulture),
    };

    private static string Escape(string? text) => Uri.EscapeDataString(text ?? "");
}
