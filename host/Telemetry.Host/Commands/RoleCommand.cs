using System.CommandLine;
using Telemetry.Host.Composition;
using Telemetry.Host.Logging;
using Telemetry.Host.Metrics;

namespace Telemetry.Host.Commands;

/// <summary>One role a process. Over the embedded log only one process at a time can have the data directory.</summary>
internal static class RoleCommand
{
    public static IEnumerable<Command> CreateAll() =>
    [
        Create("edge", Roles.Edge, "MQTT broker and bridge: publishes become records on the log."),
        Create("process", Roles.Process, "Duplicates, watermarks, detectors: anomalies and device events onto the log."),
        Create("store", Roles.Store, "Readings, anomalies and device events from the log into ClickHouse, exactly once."),
        Create("query", Roles.Query, "HTTP API, live stream and console."),
    ];

    private static Command Create(string name, Roles roles, string description)
    {
        var shared = new SharedOptions();
        shared.Map("--http-port", "Http:Port", "Port of API, metrics and health (0: a free one).");
        if (roles == Roles.Edge)
        {
            shared.Map("--mqtt-port", "Edge:Listeners:0:Port", "Port of MQTT (0: a free one).");
        }

        if (roles == Roles.Store)
        {
            shared.MapClickHouseHttp();
        }

        var command = new Command(name, description);
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            using var signals = new StopSignals();
            using var metrics = new MetricsRegistry();
            using var logging = LoggingSetup.Create(options.Logging, console: true);
            await using var platform = await Platform.StartAsync(options, roles, metrics, logging, signals.Token);
            var stop = signals.WaitAsync(cancellationToken);
            if (await Task.WhenAny(stop, platform.Failed) != stop)
            {
                HostLog.LogFailed(platform.Logger, await platform.Failed);
                return 70;
            }

            HostLog.Stopping(platform.Logger);
            using var limit = new CancellationTokenSource(options.ShutdownTimeout * 2);
            await platform.StopAsync(drain: false, limit.Token);
            return 0;
        });
        return command;
    }
}
