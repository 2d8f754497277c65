using System.CommandLine;
using System.Text.Json;
using Telemetry.Host.Detection;
using Telemetry.Host.Views;
using Telemetry.Processing.Settings;

namespace Telemetry.Host.Commands;

/// <summary>Settings of detectors: see them, check them, put them in force.</summary>
internal static class DetectorsCommand
{

    public static Command Create() => new("detectors", "Settings of detectors by device, sensor and tag: shows and checks them, puts them in force (docs/detectors.md).")
    {
        List(), Get(), Set(), Check(), History(),
    };

    private static Command List()
    {
        var device = new Option<string?>("--device") { Description = "With --sensor: what runs on this series." };
        var sensor = new Option<string?>("--sensor") { Description = "With --device: what runs on this series." };
        return OverApi("list", "Lists the settings in force and the detectors that can be chosen, or what runs on one series.", [device, sensor], async (result, client, output, token) =>
        {
            if ((result.GetValue(device), result.GetValue(sensor)) is ({ } name, { } of))
            {
                var series = await client.OfSeriesAsync(name, of, token);
                var names = series.GetProperty("detectors").EnumerateArray().Select(d => d.GetString()).ToList();
                await output.WriteLineAsync($"{name} {of}: {(names.Count == 0 ? "nothing" : string.Join(", ", names))}"
                    + (series.GetProperty("outOfService").GetBoolean() ? " (out of service: nothing is raised)" : ""));
                return;
            }

            var now = await client.ShowAsync(token);
            await output.WriteLineAsync(Number(now) == 0 ? "No settings were ever given: the default set runs everywhere." : Title(now));
            await new TextTable("partition", "from offset", "version").WriteAsync(output, now.GetProperty("inForce").EnumerateArray()
                .Select(pin => new[] { pin.GetProperty("partition").ToString(), pin.GetProperty("offset").ToString(), pin.GetProperty("version").ToString() }));
            await output.WriteLineAsync();
            await new TextTable("detector", "parameters").WriteAsync(output, now.GetProperty("known").EnumerateArray().Select(known => new[]
            {
                known.GetProperty("detector").GetString()!,
                string.Join(", ", known.GetProperty("parameters").EnumerateObject().Select(p => $"{p.Name}={p.Value.GetString()}")),
            }));
        });
    }

    private static Command Get()
    {
        var version = new Option<int?>("--version-number") { Description = "An older version (default: the newest)." };
        return OverApi("get", "Prints the document, as it was given.", [version], async (result, client, output, token) =>
        {
            var wanted = result.GetValue(version) is { } number
                ? (await client.HistoryAsync(token)).GetProperty("versions").EnumerateArray().Cast<JsonElement?>().FirstOrDefault(v => Number(v!.Value) == number)
                    ?? throw new IOException($"There is no version {number}. ./telemetry detectors history lists them.")
                : await client.ShowAsync(token);
            await output.WriteLineAsync(wanted.GetProperty("document").GetString());
        });
    }

    private static Command Set()
    {
        var file = new Argument<FileInfo>("file") { Description = "The document (JSON)." };
        var comment = new Option<string>("--comment") { Description = "Why, for the history.", DefaultValueFactory = _ => "" };
        var expected = new Option<int?>("--expected") { Description = "Version the change was made on; another one in force is refused." };
        return OverApi("set", "Puts a document in force: each partition takes it up within a second.", [file, comment, expected], async (result, client, output, token) =>
        {
            var document = await ReadAsync(result.GetValue(file)!, token);
            var answer = await client.PutAsync(document, result.GetValue(expected), "api", result.GetValue(comment)!, token);
            await output.WriteLineAsync($"Version {Number(answer)} is in force.");
        });
    }

    private static Command Check()
    {
        var file = new Argument<FileInfo>("file") { Description = "The document (JSON)." };
        var command = new Command("check", "Checks a document without a platform: names every problem with its place.") { file };
        command.SetAction(async (result, cancellationToken) =>
        {
            var settings = DetectorSettingsReader.Read(await ReadAsync(result.GetValue(file)!, cancellationToken));
            await result.InvocationConfiguration.Output.WriteLineAsync(
                $"Usable: {settings.Rules.Count} rules, {settings.OutOfService.Count} spans out of service, {settings.Tags.Count} tags.");
            return 0;
        });
        return command;
    }

    private static Command History() => OverApi("history", "Versions, the newest first.", [], async (_, client, output, token) =>
    {
        var versions = (await client.HistoryAsync(token)).GetProperty("versions").EnumerateArray();
        await new TextTable("version", "at", "by", "source", "comment").WriteAsync(output, versions.Select(v => new[]
        {
            Number(v).ToString(System.Globalization.CultureInfo.InvariantCulture),
            v.GetProperty("at").GetDateTimeOffset().ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
            v.GetProperty("by").GetString()!,
            v.GetProperty("source").GetString()!,
            v.GetProperty("comment").GetString()!,
        }));
    });

    private static Command OverApi(
        string name, string description, Symbol[] own, Func<ParseResult, DetectorClient, TextWriter, CancellationToken, Task> run)
    {
        var api = new ApiOption();
        var command = new Command(name, description);
        foreach (var symbol in own)
        {
            if (symbol is Argument argument)
            {
                command.Arguments.Add(argument);
            }
            else
            {
                command.Options.Add((Option)symbol);
            }
        }

        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            using var client = new DetectorClient(api.Connect(result));
            await run(result, client, result.InvocationConfiguration.Output, cancellationToken);
            return 0;
        });
        return command;
    }

    private static string Title(JsonElement version) =>
        $"Version {Number(version)} by {version.GetProperty("by").GetString()}, {version.GetProperty("at").GetDateTimeOffset():yyyy-MM-ddTHH:mm:ssZ}"
        + (version.GetProperty("comment").GetString() is { Length: > 0 } comment ? $": {comment}" : "");

    private static int Number(JsonElement version) => version.GetProperty("version").GetInt32();

    private static async Task<byte[]> ReadAsync(FileInfo file, CancellationToken cancellationToken) => file.Exists
        ? await File.ReadAllBytesAsync(file.FullName, cancellationToken)
        : throw new IOException($"{file.FullName} is not there.");
}
