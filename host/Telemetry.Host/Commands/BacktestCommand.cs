using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Views;
using Telemetry.Operations.Audit;
using Telemetry.Operations.Backtesting;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Settings;
using Telemetry.Storage.Audit;
using Telemetry.Storage.Horizon;

namespace Telemetry.Host.Commands;

/// <summary>Runs detectors over history with other parameters: how often would this have fired?</summary>
internal static class BacktestCommand
{
    private const int SeriesShown = 10;

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
        var api = new Option<Uri?>("--api") { Description = "With --apply: address of the API." };
        var noGate = new Option<bool>("--no-gate") { Description = "The detectors alone, without the gate that the defaults have." };
        var source = new Option<string>("--source") { Description = "log (as it came, while the log keeps it) or store (two years).", DefaultValueFactory = _ => "store" };
        source.AcceptOnlyFromAmong("log", "store");
        var list = new Option<int>("--list") { Description = "Incidents listed (default 20).", DefaultValueFactory = _ => 20 };
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        var command = new Command("backtest", "Runs detectors over history and shows how often they would have fired. Writes nothing, except settings with --apply.")
        {
            from, to, warmUp, device, sensor, detector, settingsFile, noGate, source, list, json, apply, devicePattern, sensorPattern, api,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var now = DateTimeOffset.UtcNow;
            var span = new HistorySpan(
                TimeText.Parse(result.GetValue(from)!, now),
                result.GetValue(to) is { } end ? TimeText.Parse(end, now) : now,
                DurationText.Parse(result.GetValue(warmUp)!),
                result.GetValue(device),
                result.GetValue(sensor));
            if (span.From >= span.To)
            {
                throw new FormatException($"--from {span.From:O} is not before --to {span.To:O}.");
            }

            var view = new WorkView(live: !result.GetValue(json));
            using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Warning }, console: !view.IsLive);
            var output = result.InvocationConfiguration.Output;
            var trials = Trials(result.GetValue(settingsFile), result.GetValue(detector) ?? [], gated: !result.GetValue(noGate));
            BacktestReport? last = null;
            foreach (var (name, settings) in trials)
            {
                var backtest = new Backtest(
                    options.Processing,
                    UnixMicros.From(span.From),
                    UnixMicros.From(span.To),
                    Math.Clamp(result.GetValue(list), 0, 100_000),
                    settings);
                last = await view.RunAsync(async told =>
                {
                    await FeedAsync(options, span, result.GetValue(source)!, backtest, told, logging, cancellationToken);
                    return backtest.Complete();
                });
                await output.WriteLineAsync(result.GetValue(json) ? Json(name, span, last) : Describe(name, span, last));
            }

            if (result.GetValue(apply))
            {
                var target = new BacktestTarget(
                    result.GetValue(settingsFile), result.GetValue(devicePattern) ?? span.Device, result.GetValue(sensorPattern) ?? span.Sensor, result.GetValue(api));
                var comment = string.Create(
                    CultureInfo.InvariantCulture, $"would have fired {last!.Incidents} times from {span.From:yyyy-MM-ddTHH:mm:ssZ} to {span.To:yyyy-MM-ddTHH:mm:ssZ}");
                var version = await target.ApplyAsync(options, trials[^1].Settings, comment, logging, cancellationToken);
                await (result.GetValue(json) ? Console.Error : output).WriteLineAsync($"Version {version} of the detector settings is in force.");
            }

            return 0;
        });
        return command;
    }

    /// <summary>What to try, each by itself, with its name.</summary>
    private static List<(string Name, DetectorSettings Settings)> Trials(string? file, string[] detectors, bool gated)
    {
        if (file is not null)
        {
            return detectors.Length == 0
                ? [(Path.GetFileName(file), DetectorSettingsReader.Read(File.ReadAllBytes(file)))]
                : throw new FormatException("Give --settings or --detector, not both.");
        }

        return [.. (detectors.Length > 0 ? detectors : [DetectorCatalogue.Default]).Select(d => (d, DetectorSettings.Of([DetectorSpec.ParseChoice(d, gated)])))];
    }

    private static async Task FeedAsync(
        TelemetryOptions options, HistorySpan span, string source, Backtest backtest, IProgress<WorkProgress> told, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        if (source == "log")
        {
            await using var log = RecordLogs.Open(options, logging);
            var records = await LogHorizon.ReadAsync(log, LogTopics.Readings, TimeProvider.System, cancellationToken);
            WarnOfGap(span, "The log", records.RecordsFrom);
            await LogHistory.FeedAsync(log, span, backtest, told, cancellationToken);
            return;
        }

        await using var store = await Stores.OpenAsync(options, logging, cancellationToken);
        var horizon = await AuditHorizon.ReadAsync(store, cancellationToken);
        WarnOfGap(span, "The store", horizon.CompleteFrom(StoreTable.Raw));
        await StoreHistory.FeedAsync(store, span, backtest, told, cancellationToken);
    }

    /// <summary>Detectors that saw half a history would seem to fire more, or less, than they would have.</summary>
    private static void WarnOfGap(HistorySpan span, string where, DateTimeOffset completeFrom)
    {
        if (span.Start < completeFrom)
        {
            Console.Error.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{where} is complete from {completeFrom:yyyy-MM-ddTHH:mm:ssZ} on; of what is older (asked for from {span.Start:yyyy-MM-ddTHH:mm:ssZ}, with the warm-up) some may be gone."));
        }
    }

    private static string Describe(string spec, HistorySpan span, BacktestReport report)
    {
        var lines = new List<string>
        {
            string.Create(
                CultureInfo.InvariantCulture,
                $"{spec}: would have fired {report.Incidents:N0} times from {span.From:yyyy-MM-ddTHH:mm:ssZ} to {span.To:yyyy-MM-ddTHH:mm:ssZ} in {report.Series:N0} series, {report.Readings:N0} readings with the warm-up."),
        };
        var days = (span.To - span.From).TotalDays * Math.Max(1, report.Series);
        lines.Add(string.Create(CultureInfo.InvariantCulture, $"  {report.Incidents / days:G3} a series and day"));
        lines.AddRange(report.ByDetector.Select(d => string.Create(CultureInfo.InvariantCulture, $"  {d.Count,8:N0}  {d.Detector} ({d.Kind})")));
        lines.AddRange(report.BySeries.Take(SeriesShown).Select(s => string.Create(CultureInfo.InvariantCulture, $"  {s.Count,8:N0}  {s.Device} {s.Sensor}")));
        lines.AddRange(report.First.Select(a => string.Create(
            CultureInfo.InvariantCulture,
            $"  {UnixMicros.ToTime(a.EventTimeUs):yyyy-MM-ddTHH:mm:ss.fffZ}  {a.Device} {a.Sensor} = {a.Value:G6}  {a.Reason}")));
        return string.Join(Environment.NewLine, lines);
    }

    private static string Json(string spec, HistorySpan span, BacktestReport report) => JsonSerializer.Serialize(new
    {
        detector = spec,
        from = span.From,
        to = span.To,
        incidents = report.Incidents,
        readings = report.Readings,
        series = report.Series,
        byDetector = report.ByDetector.Select(d => new { d.Detector, kind = d.Kind.ToString(), d.Count }),
        bySeries = report.BySeries.Select(s => new { s.Device, s.Sensor, s.Count }),
        first = report.First.Select(a => new { a.Device, a.Sensor, timeUs = a.EventTimeUs, a.Value, kind = a.Kind.ToString(), a.Detector, a.Reason }),
    });
}
