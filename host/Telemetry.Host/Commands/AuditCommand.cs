using System.CommandLine;
using System.Text.Json;
using Telemetry.Operations.Audit;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Contracts.Readings;
using Telemetry.Host.Logging;
using Telemetry.Host.Operations;
using Telemetry.Host.Views;
using Telemetry.Query.Operations;
using Telemetry.SchemaRegistry.Resolution;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>Proves acknowledged = log = raw = rollups over a log and a store that nothing writes to meanwhile.</summary>
internal static class AuditCommand
{
    public static Command Create()
    {
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        var json = new Option<bool>("--json") { Description = "One JSON object on standard output." };
        var sizes = new Option<bool>("--sizes") { Description = "Also merge every table and show its bytes per reading." };
        var compare = new Option<bool>("--no-drain") { Description = "Only compare; do not store first what is left on the log." };
        var share = new Option<double?>("--sample")
        {
            Description = "Compare a random share of the devices, above 0 and below 1: 0.01 for one in a hundred. The report says what that proves.",
        };
        share.Validators.Add(r =>
        {
            if (r.Tokens.Count > 0 && r.GetValueOrDefault<double?>() is not (> 0 and < 1))
            {
                r.AddError("--sample takes a share above 0 and below 1, for example 0.01.");
            }
        });
        var command = new Command(
            "audit",
            "Takes what is left on the log into ClickHouse, then compares the simulator's ledger (under --data), the log, raw readings and "
            + "rollups. Ends with code 1 unless nothing is lost, doubled or unexplained. While the platform runs over --data, it compares itself, without the ledger, up to where storage is; "
            + "on Kafka no storage process may be active.")
        {
            json, sizes, compare, share,
        };
        var token = new TokenOption();
        token.AddTo(command);
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var output = result.InvocationConfiguration.Output;
            using var instance = RunningInstance.Find(options, token, result);
            if (instance is not null)
            {
                var answer = await new WorkView(live: !result.GetValue(json)).RunAsync(told =>
                {
                    told.Report(new WorkProgress("The running platform compares what it holds", 0, 0, ""));
                    return instance.PostAsync<OperationReport>("audits", new AuditOrder(result.GetValue(share)), cancellationToken);
                });
                await output.WriteLineAsync(result.GetValue(json) ? answer.Report.GetRawText() : answer.Text);
                return answer.IsClean ? 0 : 1;
            }

            Check(options);
            var progress = new WorkView(live: !result.GetValue(json));
            using var logging = LoggingSetup.Create(options.Logging, console: !result.GetValue(json) && !progress.IsLive);
            await using var schemas = await OfflineSchemas.OpenAsync(options, Roles.Store, logging, cancellationToken);
            options = RoleSchemas.WithIds(options, schemas);
            await using var log = RecordLogs.Open(options, logging);
            await using var clickHouse = await Stores.OpenAsync(options, logging, cancellationToken);
            var report = await progress.RunAsync(async told =>
            {
                if (!result.GetValue(compare))
                {
                    told.Report(new WorkProgress("Taking what is left on the log", 0, 0, ""));
                    await DrainAsync(options, log, clickHouse, schemas, logging, cancellationToken);
                }

                var auditor = new Auditor(
                    log, clickHouse, schemas ?? (IReadingSchemas)ReleasedReadingSchemas.Instance, new AuditOptions { FutureMax = options.Bridge.FutureMax, Sample = AuditSample.Draw(result.GetValue(share)) });
                return await auditor.RunAsync(
                    new DataDirectory(options.Data).Ledger, AuditWindows.Of(await AuditHorizon.ReadAsync(clickHouse, cancellationToken)), told, cancellationToken);
            });
            if (result.GetValue(sizes))
            {
                report = report with { BytesPerReading = await TableSizes.MeasureAsync(clickHouse, report.Raw, cancellationToken) };
            }

            await output.WriteLineAsync(result.GetValue(json) ? JsonSerializer.Serialize(report, AuditReport.Json) : AuditText.Describe(report));
            return report.IsClean ? 0 : 1;
        });
        return command;
    }

    /// <exception cref="IOException">Nothing was ever written here.</exception>
    private static void Check(TelemetryOptions options)
    {
        var data = new DataDirectory(options.Data);
        if (!options.IsKafka && !Directory.Exists(data.Journal))
        {
            throw new IOException($"There is nothing to audit in {options.Data}: run ./telemetry up --data {options.Data} first, or give another --data.");
        }

        if (options.IsKafka && options.ClickHouse.Endpoint is null && !Directory.Exists(data.ClickHouse))
        {
            throw new IOException($"There is no store in {options.Data}: give --clickhouse http://HOST:PORT, or the --data DIR that ./telemetry up --kafka wrote to.");
        }
    }

    private static async Task DrainAsync(
        TelemetryOptions options, IRecordLog log, IClickHouse clickHouse, SchemaDirectory? schemas, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        if (options.IsKafka)
        {
            await ActiveGroups.WaitForNoneAsync(options.Kafka, options.Sink.Group, logging, cancellationToken);
        }

        await log.EnsureTopicsAsync(Topics.Catalogue(options.Log), cancellationToken);
        await SchemaMigrator.ApplyAsync(clickHouse, options.Schema, logging, TimeProvider.System, cancellationToken);
        var instance = options.IsKafka ? options.Sink with { TransactionalId = $"{options.Sink.TransactionalId}-audit" } : options.Sink;
        await using var sink = new StorageSink(log, clickHouse, instance, logging, TimeProvider.System, schemas);
        await sink.RunToEndAsync(cancellationToken);
    }
}
