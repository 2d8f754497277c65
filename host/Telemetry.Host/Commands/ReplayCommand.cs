using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Operations;
using Telemetry.Host.Views;
using Telemetry.Operations.Audit;
using Telemetry.Query.Operations;
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
            + "replaced in one step and its rollups are rebuilt. A platform that runs over --data does it itself, and its storage waits; on Kafka no storage process may be active. "
            + "Ends with code 1 when the store differs.")
        {
            from, to, apply, json,
        };
        var token = new TokenOption();
        token.AddTo(command);
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
            using var instance = RunningInstance.Find(options, token, result);
            if (instance is not null)
            {
                var order = new ReplayOrder(
                    request.From.ToString("O", CultureInfo.InvariantCulture), request.To.ToString("O", CultureInfo.InvariantCulture), request.Apply);
                var answer = await view.RunAsync(told =>
                {
                    told.Report(new WorkProgress("The running platform compares the span with its log", 0, 0, ""));
                    return instance.PostAsync<OperationReport>("replays", order, cancellationToken);
                });
                await result.InvocationConfiguration.Output.WriteLineAsync(result.GetValue(json) ? answer.Report.GetRawText() : answer.Text);
                return answer.IsClean ? 0 : Differs;
            }

            using var logging = LoggingSetup.Create(options.Logging, console: !result.GetValue(json) && !view.IsLive);
            var report = await view.RunAsync(progress => RunAsync(options, request, progress, logging, cancellationToken));
            await result.InvocationConfiguration.Output.WriteLineAsync(
                result.GetValue(json) ? JsonSerializer.Serialize(report, Json) : ReplayText.Describe(request, report));
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
}
