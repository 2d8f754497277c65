using System.CommandLine;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;

namespace Telemetry.Host.Commands;

/// <summary>
/// One role a process, over Kafka as many as are wanted. Over the embedded log only one process at a time can have the data
/// directory.
/// </summary>
internal static class RoleCommand
{
    public static IEnumerable<Command> CreateAll() =>
    [
        Create("edge", Roles.Edge, "MQTT broker and bridge: publishes become records on the log."),
        Create("process", Roles.Process, "Removes duplicates and runs the detectors: writes anomalies and device events to the log."),
        AlarmsCommand.AddTo(Create("alarms", Roles.Alarms, "Alarms: states, rules and outlets. With a subcommand: shows alarms, acknowledges, shelves or comments them.")),
        StoreCommand.AddTo(Create("store", Roles.Store, "Readings, anomalies and device events from the log into ClickHouse, exactly once. With a subcommand: shows the size of the store.")),
        Create("query", Roles.Query, "HTTP API, live stream and console."),
        Create(GatewayFlags.Name, Roles.Edge, "Edge on a small machine: keeps what devices send on disk and forwards it to a central platform or Kafka."),
        Create("bridge", Roles.Bridge, "Client of an MQTT broker you already have: its messages become records on the log and are acknowledged once they are there."),
    ];

    private static ServiceCommand Create(string name, Roles roles, string description)
    {
        var shared = new SharedOptions();
        ClusterFlags.AddTo(shared);
        shared.Map("--http-port", "Http:Port", "Port of API, metrics and health (0: a free one).");
        if (roles == Roles.Edge)
        {
            shared.Map("--mqtt-port", "Edge:Listeners:0:Port", "Port of MQTT (0: a free one).");
        }

        if (roles == Roles.Store)
        {
            shared.MapClickHouseHttp();
        }

        if (roles == Roles.Bridge)
        {
            BridgeFlags.AddTo(shared);
        }

        if (name == GatewayFlags.Name)
        {
            GatewayFlags.AddTo(shared);
        }

        var parent = new Option<bool>("--stop-with-stdin")
        {
            Description = "Stop cleanly when standard input ends. After the line \"drain\" it first processes everything that is on the log.",
        };
        var command = new ServiceCommand(name, description) { parent };
        shared.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            var options = shared.Load(result);
            ClusterFlags.CheckRole(options, roles, name);
            BridgeFlags.CheckRole(options, roles);
            options = name == GatewayFlags.Name ? GatewayFlags.Apply(options) : options;
            Preflight.Check(options, roles);
            return RunAsync(options, roles, result.GetValue(parent), cancellationToken);
        });
        return command;
    }

    private static async Task<int> RunAsync(TelemetryOptions options, Roles roles, bool supervised, CancellationToken cancellationToken)
    {
        using var signals = new StopSignals(StopSignals.OfRoles(options.ShutdownTimeout * 2, drain: false), supervised);
        using var watch = supervised ? new ParentWatch() : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(
            cancellationToken, signals.Token, watch?.Token ?? CancellationToken.None);
        using var instrumentation = Observing.Start(options, RoleNames.Of(roles)[0]);
        using var logging = LoggingSetup.Create(options.Logging, console: true);
        try
        {
            using var limit = new StopLimit(logging.CreateLogger<StopLimit>());
            await using var platform = await Platform.StartAsync(options, roles, instrumentation, logging, stop.Token);
            var stopped = signals.WaitAsync(stop.Token);
            if (await Task.WhenAny(stopped, platform.Failed) != stopped)
            {
                limit.Begin(options.ShutdownTimeout, ExitCodes.Failure);
                return FailedRun.Report(platform.Logger, await platform.Failed);
            }

            HostLog.Stopping(platform.Logger);
            limit.Begin(options.ShutdownTimeout * 2, 0);
            using var orderly = new CancellationTokenSource(options.ShutdownTimeout);
            await platform.StopAsync(drain: watch?.Drain ?? false, orderly.Token);
            return 0;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0; // Stopped before what it waits for was there.
        }
    }
}
