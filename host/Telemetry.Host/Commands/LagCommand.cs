using System.CommandLine;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Operations;
using Telemetry.Host.Views;
using Telemetry.Observability.Lag;
using Telemetry.Query.Operations;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>How far our consumer groups are behind.</summary>
internal static class LagCommand
{
    public static Command Create()
    {
        var shared = new SharedOptions();
        shared.Map("--kafka", "Kafka:BootstrapServers", "The cluster: HOST:PORT[,HOST:PORT...]. Without it the embedded log in --data.");
        shared.Map("--peer", "Http:Peers:0", "HTTP of a running edge or gateway that stores and forwards, http://HOST:PORT/: its backlog is shown too. More by --set Http:Peers:1=...");
        var json = new Option<bool>("--json") { Description = "One JSON object for each sample on standard output." };
        var watch = new Option<bool>("--watch") { Description = "Samples again every Lag:SampleInterval until stopped." };
        var command = new ServiceCommand(
            "lag", "How far our consumer groups are behind, in records and in seconds, by topic and partition; the watermarks of the pipeline, and what edges have stored but not yet forwarded.")
        {
            json, watch,
        };
        var token = new TokenOption();
        token.AddTo(command);
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            using var instance = RunningInstance.Find(options, token, result);
            using var signals = new StopSignals(null);
            using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Error }, console: true);
            var output = new LagOutput(result.InvocationConfiguration.Output, result.GetValue(json), clear: result.GetValue(watch) && !Console.IsOutputRedirected);
            await using var log = instance is null && HasLog(options) ? Open(options, logging) : null;
            var sampler = log is null ? null : new LagSampler(
                log, ConsumerGroups.Of(options, Roles.All), static () => [], options.Lag.AllowedDelay, TimeProvider.System);
            Func<CancellationToken, ValueTask<LagSample>> sample = instance is not null
                ? async stopping => LagViews.Read(await instance.GetAsync<LagView>("lag", stopping))
                : sampler is not null ? sampler.SampleAsync : static _ => ValueTask.FromResult(LagSample.Empty);
            using var timer = new PeriodicTimer(options.Lag.SampleInterval);
            try
            {
                do
                {
                    await LookAsync(options, sample, output, signals.Token);
                }
                while (result.GetValue(watch) && await timer.WaitForNextTickAsync(signals.Token));
            }
            catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
            {
                return 0;
            }

            return 0;
        });
        return command;
    }

    /// <summary>What waits at edges is told even where the log does not answer: that is when one wants to know.</summary>
    private static async Task LookAsync(
        TelemetryOptions options, Func<CancellationToken, ValueTask<LagSample>> look, LagOutput output, CancellationToken cancellationToken)
    {
        var backlogs = await ForwardBacklog.ReadAsync(options, cancellationToken);
        LagSample sample;
        try
        {
            sample = await look(cancellationToken);
        }
        catch (RecordLogException) when (backlogs.Count > 0)
        {
            await output.WriteAsync(LagSample.Empty, backlogs);
            throw;
        }

        await output.WriteAsync(sample, backlogs);
    }

    /// <summary>A gateway has no log of its own to ask, only what it stores.</summary>
    private static bool HasLog(TelemetryOptions options) =>
        options.IsKafka || Directory.Exists(options.Journal.Directory) || !(options.Forwards || options.Http.Peers.Count > 0);

    private static IRecordLog Open(TelemetryOptions options, ILoggerFactory logging)
    {
        if (!options.IsKafka && !Directory.Exists(options.Journal.Directory))
        {
            throw new IOException($"There is no log in {options.Journal.Directory}: give --kafka HOST:PORT, or the --data DIR of ./telemetry up.");
        }

        try
        {
            return RecordLogs.Open(options, logging);
        }
        catch (RecordLogException e) when (e.Error == RecordLogError.Locked)
        {
            throw new RecordLogException(
                RecordLogError.Locked,
                $"The log in '{options.Journal.Directory}' is open in a running process: ask that one, its /metrics has telemetry_log_lag_records and "
                + "telemetry_log_lag_seconds (addresses in instance.json). This command reads an embedded log that nobody else has open.",
                e);
        }
    }
}
