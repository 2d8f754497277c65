using System.CommandLine;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Views;
using Telemetry.Observability.Lag;
using Telemetry.Streams;

namespace Telemetry.Host.Commands;

/// <summary>How far our consumer groups are behind.</summary>
internal static class LagCommand
{
    public static Command Create()
    {
        var shared = new SharedOptions();
        shared.Map("--kafka", "Kafka:BootstrapServers", "The cluster: HOST:PORT[,HOST:PORT...]. Without it the embedded log in --data.");
        var json = new Option<bool>("--json") { Description = "One JSON object a look on standard output." };
        var watch = new Option<bool>("--watch") { Description = "Looks again every Lag:SampleInterval until stopped." };
        var command = new Command(
            "lag", "How far our consumer groups are behind, in records and in seconds, by topic and partition; and the watermarks of the pipeline.")
        {
            json, watch,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            using var signals = new StopSignals();
            using var logging = LoggingSetup.Create(options.Logging with { Level = LogVerbosity.Error }, console: true);
            await using var log = Open(options, logging);
            var sampler = new LagSampler(
                log, ConsumerGroups.Of(options, Roles.All), static () => [], options.Lag.AllowedDelay, TimeProvider.System);
            var output = new LagOutput(result.InvocationConfiguration.Output, result.GetValue(json), clear: result.GetValue(watch) && !Console.IsOutputRedirected);
            using var timer = new PeriodicTimer(options.Lag.SampleInterval);
            try
            {
                do
                {
                    await output.WriteAsync(await sampler.SampleAsync(signals.Token));
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
