using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Views;
using Telemetry.Operations.Scoring;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Settings;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;

namespace Telemetry.Host.Commands;

/// <summary>How good are the detectors? Against a simulated fleet, a running platform's labels, or NAB.</summary>
internal static class ScoreCommand
{
    private static readonly JsonSerializerOptions Readable = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Command Create()
    {
        var devices = new Option<int>("--devices") { Description = "Devices with faults (default 40).", DefaultValueFactory = _ => 40 };
        var clean = new Option<int>("--clean") { Description = "Devices without faults beside them (default 20).", DefaultValueFactory = _ => 20 };
        var days = new Option<double>("--days") { Description = "Days played (default 7).", DefaultValueFactory = _ => 7 };
        var seed = new Option<ulong>("--seed")
        {
            Description = "Seed of the fleet: 1 to 99 for tuning, 1000 and above for figures that are stated (default 1).",
            DefaultValueFactory = _ => 1,
        };
        var pace = new Option<string>("--interval") { Description = "Time between two readings of a device (default 3.6s).", DefaultValueFactory = _ => "3.6s" };
        var faults = new Option<double>("--faults") { Description = "Faults of a device a day (default 3).", DefaultValueFactory = _ => 3 };
        var realism = new Option<string>("--realism") { Description = "plain, hard, or both, one after the other (default both).", DefaultValueFactory = _ => "both" };
        realism.AcceptOnlyFromAmong("plain", "hard", "both");
        var detector = new Option<string[]>("--detector") { Description = "Detectors to score together, as in backtest (default: default).", AllowMultipleArgumentsPerToken = false };
        var settings = new Option<string?>("--settings") { Description = "Settings document to score in place of --detector." };
        var labels = new Option<string?>("--labels") { Description = "Labels of a simulator: scores the incidents of the store (--data, --clickhouse) against them." };
        var from = new Option<string>("--from") { Description = "With --labels: start of the span (default 24h ago).", DefaultValueFactory = _ => "24h" };
        var to = new Option<string>("--to") { Description = "With --labels: its end (default now).", DefaultValueFactory = _ => "now" };
        var nab = new Option<string?>("--nab") { Description = "Folder of the Numenta Anomaly Benchmark: scores on its files." };
        var examples = new Option<int>("--examples") { Description = "Shows so many faults that were found, with what people were told, and so many that were missed (default 0)." };
        var report = new Option<string?>("--report") { Description = "File for the result in JSON." };
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        var command = new Command("score", "Scores detectors: against the simulator's labels, played in the process or by a running platform, or on NAB's files.")
        {
            devices, clean, days, seed, pace, faults, realism, detector, settings, labels, from, to, nab, examples, report,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var chosen = Choose(result.GetValue(settings), result.GetValue(detector) ?? []);
            var output = result.InvocationConfiguration.Output;
            var view = new WorkView(live: true);
            using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Warning }, console: !view.IsLive);
            object answer;
            if (result.GetValue(nab) is { } folder)
            {
                var detectors = () => (IReadOnlyList<ISeriesDetector>)[.. (chosen ?? DetectorSettings.Empty).DetectorsOf("nab", "value").SelectMany(d => d.Make())];
                var scored = await view.RunAsync(told => Task.Run(() => NabRun.Run(folder, detectors, told), cancellationToken));
                await ScoreOutput.WriteAsync(output, folder, scored);
                answer = scored;
            }
            else if (result.GetValue(labels) is { } file)
            {
                await using var store = await Stores.OpenAsync(options, logging, cancellationToken);
                var now = DateTimeOffset.UtcNow;
                var scored = await StoreRun.RunAsync(
                    store,
                    file,
                    TimeText.Parse(result.GetValue(from)!, now),
                    TimeText.Parse(result.GetValue(to)!, now),
                    DurationText.Parse(result.GetValue(pace)!),
                    cancellationToken);
                await ScoreOutput.WriteAsync(output, $"Incidents of {Stores.Describe(options)}", scored);
                await ScoreOutput.WriteExamplesAsync(output, scored, result.GetValue(examples));
                answer = scored;
            }
            else
            {
                var fleet = new FleetPlan
                {
                    Seed = result.GetValue(seed),
                    Devices = Demand(result.GetValue(devices), 0, 100_000, "--devices"),
                    Span = TimeSpan.FromDays(Demand(result.GetValue(days), 0.001, 3650, "--days")),
                    ReadingInterval = DurationText.Parse(result.GetValue(pace)!),
                    FaultsPerDeviceDay = Demand(result.GetValue(faults), 0, 100_000, "--faults"),
                };
                var scored = new Dictionary<string, ScoreReport>();
                foreach (var kind in result.GetValue(realism) switch
                {
                    "plain" => [Realism.Plain],
                    "hard" => [Realism.Hard],
                    _ => new[] { Realism.Plain, Realism.Hard },
                })
                {
                    var run = new FleetRunOptions
                    {
                        Fleet = fleet with { Realism = kind },
                        CleanDevices = Demand(result.GetValue(clean), 0, 100_000, "--clean"),
                        Processing = options.Processing,
                        Settings = chosen,
                    };
                    var name = kind == Realism.Hard ? "hard" : "plain";
                    scored[name] = await view.RunAsync(told => FleetRun.RunAsync(run, told, cancellationToken));
                    await ScoreOutput.WriteAsync(output, $"The {name} fleet, seed {fleet.Seed}", scored[name]);
                    await ScoreOutput.WriteExamplesAsync(output, scored[name], result.GetValue(examples));
                    await output.WriteLineAsync();
                }

                answer = scored;
            }

            if (result.GetValue(report) is { } path)
            {
                await File.WriteAllTextAsync(path, JsonSerializer.Serialize(answer, Readable), cancellationToken);
            }

            return 0;
        });
        return command;
    }

    /// <summary>The settings to score; null: the default set.</summary>
    private static DetectorSettings? Choose(string? file, string[] detectors)
    {
        if (file is not null && detectors.Length > 0)
        {
            throw new FormatException("Give --settings or --detector, not both.");
        }

        return file is not null ? DetectorSettingsReader.Read(File.ReadAllBytes(file))
            : detectors.Length > 0 ? DetectorSettings.Of([.. detectors.Select(d => DetectorSpec.ParseChoice(d, gated: false))])
            : null;
    }

    private static T Demand<T>(T value, T least, T most, string flag)
        where T : IComparable<T> => value.CompareTo(least) >= 0 && value.CompareTo(most) <= 0
        ? value
        : throw new FormatException($"{flag} {value}: give {least} to {most}.");
}
