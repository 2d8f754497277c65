using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Operations;
using Telemetry.Host.Views;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Settings;
using Telemetry.Query.Operations;
using Telemetry.Storage.Audit;

namespace Telemetry.Host.Commands;

/// <summary>Runs detectors over history with other parameters: how often would this have fired?</summary>
internal static class BacktestCommand
{
    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "Start: 2h (that long ago) or 2026-11-21T08:00:00Z.", Required = true };
        var to = new Option<string?>("--to") { Description = "End, exclusive, in the same form (default: now)." };
        var warmUp = new Option<string>("--warm-up") { Description = "History the detectors see before it (default 1h).", DefaultValueFactory = _ => "1h" };
        var device = new Option<string?>("--device") { Description = "Only this device." };
        var sensor = new Option<string?>("--sensor") { Description = "Only this sensor (with --source store; from the log all sensors of a device are read)." };
        var detector = new Option<string[]>("--detector")
        {
            Description = "Detector to try, repeatable: default, or for example iid-spike:Confidence=99.5,PvalueHistoryLength=60 (default: default).",
            AllowMultipleArgumentsPerToken = false,
        };
        var settingsFile = new Option<string?>("--settings") { Description = "Settings document to try in place of --detector." };
        var apply = new Option<bool>("--apply")
        {
            Description = "Puts what was tried in force: the document of --settings, or a rule for --device and --sensor (patterns with --device-pattern and "
                + "--sensor-pattern) with the detectors of --detector. Over the API of --api, or of the instance that runs over --data, or on the log where none runs.",
        };
        var devicePattern = new Option<string?>("--device-pattern") { Description = "With --apply: the devices the rule is for (default: --device, or all)." };
        var sensorPattern = new Option<string?>("--sensor-pattern") { Description = "With --apply: the sensors the rule is for (default: --sensor, or all)." };
        var api = new Option<string?>("--api") { Description = "With --apply: address of the API." };
        var noGate = new Option<bool>("--no-gate") { Description = "The detectors alone, without the gate that the defaults have." };
        var source = new Option<string>("--source") { Description = "log (as it came, while the log keeps it) or store (two years).", DefaultValueFactory = _ => "store" };
        source.AcceptOnlyFromAmong("log", "store");
        var list = new Option<int>("--list") { Description = "Incidents listed (default 20).", DefaultValueFactory = _ => 20 };
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var token = new TokenOption();
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        var command = new Command(
            "backtest",
            "Runs detectors over history and shows how often they would have fired, also while the platform runs. Writes nothing, except settings with --apply.")
        {
            from, to, warmUp, device, sensor, detector, settingsFile, noGate, source, list, json, apply, devicePattern, sensorPattern, api,
        };
        token.AddTo(command);
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var now = DateTimeOffset.UtcNow;
            var span = BacktestRun.SpanOf(
                result.GetValue(from)!, result.GetValue(to), result.GetValue(warmUp)!, result.GetValue(device), result.GetValue(sensor), now);
            var view = new WorkView(live: !result.GetValue(json));
            using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Warning }, console: !view.IsLive);
            var output = result.InvocationConfiguration.Output;
            var trials = Trials(result.GetValue(settingsFile), result.GetValue(detector) ?? [], gated: !result.GetValue(noGate));
            using var instance = RunningInstance.Find(options, token, result);
            var incidents = 0L;
            foreach (var trial in trials)
            {
                var run = new BacktestRun(trial.Name, trial.Settings, span, Math.Clamp(result.GetValue(list), 0, 100_000));
                var report = await view.RunAsync(told => instance is null
                    ? RunAsync(options, run, result.GetValue(source)!, told, logging, cancellationToken)
                    : OrderAsync(instance, run, trial, !result.GetValue(noGate), result.GetValue(source)!, told, cancellationToken));
                incidents = report.Report.GetProperty("incidents").GetInt64();
                await output.WriteLineAsync(result.GetValue(json) ? report.Report.GetRawText() : report.Text);
            }

            if (result.GetValue(apply))
            {
                var target = new BacktestTarget(
                    result.GetValue(settingsFile), result.GetValue(devicePattern) ?? span.Device, result.GetValue(sensorPattern) ?? span.Sensor, result.GetValue(api) is { } address ? ApiOption.Parse(address) : null);
                var comment = string.Create(
                    CultureInfo.InvariantCulture, $"would have fired {incidents} times from {span.From:yyyy-MM-ddTHH:mm:ssZ} to {span.To:yyyy-MM-ddTHH:mm:ssZ}");
                var version = await target.ApplyAsync(options, trials[^1].Settings, comment, logging, cancellationToken);
                await (result.GetValue(json) ? Console.Error : output).WriteLineAsync($"Version {version} of the detector settings is in force.");
            }

            return 0;
        });
        return command;
    }

    /// <summary>What to try, each by itself.</summary>
    private static List<Trial> Trials(string? file, string[] detectors, bool gated)
    {
        if (file is null)
        {
            return [.. (detectors.Length > 0 ? detectors : [DetectorCatalogue.Default]).Select(d => new Trial(d, DetectorSettings.Of([DetectorSpec.ParseChoice(d, gated)]), null))];
        }

        var document = detectors.Length == 0 ? File.ReadAllBytes(file) : throw new FormatException("Give --settings or --detector, not both.");
        return [new Trial(Path.GetFileName(file), DetectorSettingsReader.Read(document), document)];
    }

    private static async Task<OperationReport> RunAsync(
        TelemetryOptions options, BacktestRun run, string source, IProgress<WorkProgress> told, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        BacktestReport report;
        string? gap;
        if (source == "log")
        {
            await using var log = RecordLogs.Open(options, logging);
            (report, gap) = await run.OverLogAsync(options.Processing, log, told, cancellationToken);
        }
        else
        {
            await using var store = await Stores.OpenAsync(options, logging, cancellationToken);
            (report, gap) = await run.OverStoreAsync(options.Processing, store, told, cancellationToken);
        }

        if (gap is not null)
        {
            await Console.Error.WriteLineAsync(gap);
        }

        return new OperationReport(run.Describe(report), true, run.ToJson(report));
    }

    /// <summary>The platform that runs does it.</summary>
    private static async Task<OperationReport> OrderAsync(
        RunningInstance instance, BacktestRun run, Trial trial, bool gated, string source, IProgress<WorkProgress> told, CancellationToken cancellationToken)
    {
        told.Report(new WorkProgress("The running platform runs the detectors", 0, 0, ""));
        using var settings = trial.Document is { } document
            ? JsonDocument.Parse(document, new JsonDocumentOptions { AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip })
            : null;
        var order = new BacktestOrder(
            run.Span.From.ToString("O", CultureInfo.InvariantCulture),
            run.Span.To.ToString("O", CultureInfo.InvariantCulture),
            DurationText.Format(run.Span.WarmUp),
            run.Span.Device,
            run.Span.Sensor,
            settings is null ? trial.Name : null,
            gated,
            settings?.RootElement,
            source,
            run.ListMax);
        return await instance.PostAsync<OperationReport>("backtests", order, cancellationToken);
    }

    /// <param name="Name">Name for people, and the detector as it was given.</param>
    /// <param name="Settings">What is tried.</param>
    /// <param name="Document">The document it comes from; null: a detector.</param>
    private sealed record Trial(string Name, DetectorSettings Settings, byte[]? Document);
}
