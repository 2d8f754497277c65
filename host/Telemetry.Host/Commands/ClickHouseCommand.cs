using System.CommandLine;
using Telemetry.ClickHouseServer;
using Telemetry.Edge.Sockets;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Storage.ClickHouse.Embedded;

namespace Telemetry.Host.Commands;

/// <summary>
/// The embedded engine in a process of its own, served over ClickHouse's HTTP interface with metrics and health on the same
/// port. It makes no tables: the stores that connect to it do.
/// </summary>
internal static class ClickHouseCommand
{
    private const int DefaultPort = 8123;

    public static Command Create()
    {
        var shared = new SharedOptions();
        shared.MapClickHouseHttp();
        var parent = new Option<bool>("--stop-with-stdin") { Description = "Stop cleanly when standard input ends." };
        var command = new ServiceCommand("clickhouse", "Serves the embedded ClickHouse engine over ClickHouse's HTTP interface, on loopback.") { parent };
        shared.AddTo(command);
        command.SetAction((result, cancellationToken) => RunAsync(shared.Load(result), result.GetValue(parent), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(TelemetryOptions options, bool supervised, CancellationToken cancellationToken)
    {
        using var signals = new StopSignals(StopSignals.OfRoles(options.ShutdownTimeout, drain: false), supervised);
        using var watch = supervised ? new ParentWatch() : null;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, watch?.Token ?? CancellationToken.None);
        using var instrumentation = Observing.Start(options, "clickhouse");
        using var logging = LoggingSetup.Create(options.Logging, console: true);
        new DataDirectory(options.Data).Create(journal: false);
        await using var engine = await EmbeddedClickHouse.OpenAsync(options.ClickHouse, logging, signals.Token);
        var served = options.ClickHouseServer with { Port = options.ClickHouseServer.Port ?? DefaultPort };
        using var sockets = SocketBudget.OfProcess(options.ReservedFiles, logging, TimeProvider.System);
        var stopping = false;
        await using var server = await ClickHouseHttpServer.StartAsync(
            engine,
            served,
            logging,
            TimeProvider.System,
            routes => Composition.Operations.Map(routes, instrumentation, () => Volatile.Read(ref stopping) ? ["stopping"] : []),
            signals.Token,
            BudgetedSockets.Transport(sockets.Share("clickhouse"), logging));
        InstanceFile.WriteClickHouse(options, server.Address);
        await signals.WaitAsync(stop.Token);
        Volatile.Write(ref stopping, true);
        using var limit = new CancellationTokenSource(options.ShutdownTimeout);
        await server.StopAsync(limit.Token);
        InstanceFile.DeleteClickHouse(options);
        return 0;
    }
}
