using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary>Devices of the running platform, and with <c>--device</c> the sensors of one.</summary>
internal static class DevicesCommand
{
    private static readonly string[] SensorColumns = ["sensor", "value", "quality", "time"];
    private static readonly string[] DeviceColumns = ["device", "sensors", "readings", "lastSeen"];

    public static Command Create()
    {
        var search = new Option<string?>("--search") { Description = "Only names that contain this text." };
        var device = new Option<string?>("--device") { Description = "The sensors of this device with their newest values, in place of the devices." };
        var limit = new Option<int>("--limit") { Description = "At most this many rows, 1 to 10000 (default 50).", DefaultValueFactory = _ => 50 };
        var json = new Option<bool>("--json") { Description = "The API's answer as it is." };
        var api = new ApiOption();
        var command = new Command("devices", "Lists devices with the time of their newest reading, or the sensors of one device with their newest values.")
        {
            search, device, limit, json,
        };
        command.Subcommands.Add(DeleteDeviceCommand.Create());
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var (path, rows, columns) = result.GetValue(device) is { } name
                ? ($"api/v1/latest?device={Uri.EscapeDataString(name)}", "latest", SensorColumns)
                : ("api/v1/devices?", "devices", DeviceColumns);
            path += $"&limit={result.GetValue(limit).ToString(CultureInfo.InvariantCulture)}";
            if (result.GetValue(search) is { } text)
            {
                path += $"&search={Uri.EscapeDataString(text)}";
            }

            var answer = await api.GetAsync(result, path.Replace("?&", "?", StringComparison.Ordinal), cancellationToken);
            var output = result.InvocationConfiguration.Output;
            if (result.GetValue(json))
            {
                await output.WriteLineAsync(answer.GetRawText());
                return 0;
            }

            var list = answer.GetProperty(rows).EnumerateArray().ToList();
            if (list.Count == 0)
            {
                await Console.Error.WriteLineAsync("Nothing yet. A name appears up to 5 s after its first reading; send one with telemetry publish press-1 temperature 21.5");
                return 0;
            }

            await new TextTable(columns).WriteAsync(output, list.Select(row => columns.Select(c => Cell(row, c)).ToArray()));
            if (answer.TryGetProperty("next", out var next) && next.ValueKind == JsonValueKind.Number)
            {
                await Console.Error.WriteLineAsync($"There are more: --limit, or --search TEXT.");
            }

            return 0;
        });
        return command;
    }

    private static string Cell(JsonElement row, string column) => row.GetProperty(column) switch
    {
        { ValueKind: JsonValueKind.Null } when column == "value" => row.TryGetProperty("special", out var special) ? special.ToString() : "",
        { ValueKind: JsonValueKind.Null } => "",
        { ValueKind: JsonValueKind.Number } number when column == "quality" => QualityText.Of(number.GetInt32()),
        var cell => cell.ToString(),
    };
}
