using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Views;
using Telemetry.Operations.Audit;
using Telemetry.Storage.Audit;
using Telemetry.Storage.Replay;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;

namespace Telemetry.Host.Commands;

/// <summary>Compares a span of the store with the log, and puts it right on request.</summary>
internal static class ReplayCommand
{
    private const int Differs = 1;

    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "First event time: 2026-11-21T08:00:00Z, or 2h for that long ago.", Required = true };
        var to = new Option<string>("--to") { Description = "Last event time, exclusive, in the same form (default: now).", DefaultValueFactory = _ => "now" };
        var apply = new Option<bool>("--apply") { Description = "Correct the store from the log. Without it the store is only compared." };
        var json = new Option<bool>("--json") { Description = "One JSON object." };
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        var command = new Command(
            "replay",
            "Rebuilds readings, anomalies and device events of a time range from the log in shadow tables and compares them with the store. With --apply each month concerned is "
            + "replaced in one step and its rollups are rebuilt. Run it when no storage process is active. Ends with code 1 when the store differs.")
        {
            from, to, apply, json,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var now = DateTimeOffset.UtcNow;
            var request = new SpanReplayRequest(
                TimeText.Parse(result.GetValue(from)!, now), TimeText.Parse(result.GetValue(to)!, now), result.GetValue(apply), options.Bridge.FutureMax);
            if (request.From >= request.To)
            {
                throw new FormatException($"--from {request.From:O} is not before --to {request.To:O}.");
            }

            var view = new WorkView(live: !result.GetValue(json));
            using var logging = LoggingSetup.Create(options.Logging, console: !result.GetValue(json) && !view.IsLive);
            var report = await view.RunAsync(progress => RunAsync(options, request, progress, logging, cancellationToken));
            await result.InvocationConfiguration.Output.WriteLineAsync(
                result.GetValue(json) ? JsonSerializer.Serialize(report, Json) : Describe(request, report));
            return report.IsClean ? 0 : Differs;
        });
        return command;
    }

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web);

    private static async Task<SpanReplayReport> RunAsync(
        TelemetryOptions options, SpanReplayRequest request, IProgress<WorkProgress> progress, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        await using var schemas = await OfflineSchemas.OpenAsync(options, Roles.Store, logging, cancellationToken);
        options = RoleSchemas.WithIds(options, schemas);
        await using var log = RecordLogs.Open(options, logging);
        await using var clickHouse = await Stores.OpenAsync(options, logging, cancellationToken);
        if (options.IsKafka)
        {
            await ActiveGroups.WaitForNoneAsync(options.Kafka, options.Sink.Group, logging, cancellationToken);
        }

        await log.EnsureTopicsAsync(Topics.Catalogue(options.Log), cancellationToken);
        await SchemaMigrator.ApplyAsync(clickHouse, options.Schema, logging, TimeProvider.System, cancellationToken);
        var sinkOptions = options.IsKafka ? options.Sink with { TransactionalId = $"{options.Sink.TransactionalId}-replay" } : options.Sink;

        // What the sink has not taken yet is not missing; so it takes everything first.
        progress.Report(new WorkProgress("Taking what is left on the log", 0, 0, ""));
        await using (var sink = new StorageSink(log, clickHouse, sinkOptions, logging, TimeProvider.System, schemas))
        {
            await sink.RunToEndAsync(cancellationToken);
        }

        var window = AuditWindows.Of(await AuditHorizon.ReadAsync(clickHouse, cancellationToken));
        return await new SpanReplay(
                log, clickHouse, sinkOptions, window, logging, TimeProvider.System, schemas ?? (IReadingSchemas)ReleasedReadingSchemas.Instance)
            .RunAsync(request, progress, cancellationToken);
    }

    private static string Describe(SpanReplayRequest request, SpanReplayReport report)
    {
        var lines = new List<string>
        {
            $"{request.From:yyyy-MM-ddTHH:mm:ssZ} to {request.To:yyyy-MM-ddTHH:mm:ssZ}",
            Row("on the log", report.Log),
            Row("stored raw", report.Stored),
            Row("missing in raw", report.Missing),
            Row("too many in raw", report.Surplus),
            Row("different in raw", report.Different),
            Row("rollup buckets that differ", report.RollupBuckets),
        };
        lines.AddRange(report.Events.SelectMany(e => new[]
        {
            Row($"{e.Table} on the log", e.Log), Row($"{e.Table} stored", e.Stored), Row($"{e.Table} missing", e.Missing), Row($"{e.Table} too many", e.Surplus),
        }));
        lines.AddRange(report.Events.SelectMany(e => e.Swapped.Select(m => string.Create(CultureInfo.InvariantCulture, $"put in place: {e.Table} {m}"))));
        lines.AddRange(report.Swapped.Select(m => string.Create(CultureInfo.InvariantCulture, $"put in place: readings {m}")));
        lines.AddRange(report.Rebuilt.Select(r => $"rebuilt: {r}"));
        lines.AddRange(report.Skipped.Select(s => $"left as it was: {s}"));
        lines.Add((report.IsClean, report.LogIsComplete && report.Events.All(e => e.LogIsComplete), request.Apply) switch
        {
            (true, _, _) => "The store agrees with the log.",
            (_, false, _) => "The log no longer holds everything of this span, so it cannot be put in place. Choose a later --from.",
            (_, _, false) => "The store differs from the log. Correct it with --apply.",
            _ => "Differences are left; see what was left as it was.",
        });
        return string.Join(Environment.NewLine, lines);
    }

    private static string Row(string name, long value) => string.Create(CultureInfo.InvariantCulture, $"{name,-28} {value,16:N0}");
}
