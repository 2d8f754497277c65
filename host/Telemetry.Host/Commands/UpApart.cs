using System.Text.Json;
using Telemetry.Host.Apart;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Reports;
using Telemetry.Operations.Reports;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary><c>up --roles-apart</c>: a small supervisor over one process for each role, with the simulator beside them.</summary>
internal static class UpApart
{
    public static async Task<int> RunAsync(
        TelemetryOptions options, UpSettings settings, IReadOnlyList<string> forwarded, CancellationToken cancellationToken)
    {
        var says = StopSignals.OfRoles(options.ShutdownTimeout * 2, drain: true);
        using var signals = new StopSignals(IsLive(settings) ? null : says);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, signals.Token);
        try
        {
            return await RunAsync(options, settings, forwarded, says, stop);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 0; // Stopped before all was there.
        }
    }

    private static async Task<int> RunAsync(
        TelemetryOptions options, UpSettings settings, IReadOnlyList<string> forwarded, string says, CancellationTokenSource stop)
    {
        var data = new DataDirectory(options.Data);
        data.Create(journal: false, clickHouse: options.ClickHouse.Endpoint is null);
        Directory.CreateDirectory(data.Logs);
        var live = IsLive(settings);
        using var loggers = LoggingSetup.Create(
            options.Logging with { File = Path.Combine(data.Logs, "up-.jsonl") }, console: !live);
        var logger = loggers.CreateLogger(typeof(UpApart).FullName!);
        using var time = new RunTime(settings.Duration, options.ShutdownTimeout, loggers, stop.Token);
        await using var apart = await time.StartAsync(token => RolesApart.StartAsync(
            options, RolePlan.Make(options, settings.Apart!, forwarded), logger, token));
        var fleet = FirstStart.WithPast(options, settings);
        if (settings.Simulator)
        {
            await CatalogueOnLog.RunAsync(options, loggers, desk => SimulatedCatalogue.AnnounceAsync(desk, fleet, DateTimeOffset.UtcNow, stop.Token), stop.Token);
        }

        await using var simulator = settings.Simulator
            ? SimulatorProcess.Start(SimulatorArguments.Of(
                options.Data, fleet, settings.Duration, apart.Plan.EdgeAddress, apart.Plan.QueryAddress))
            : null;
        await using var report = new ApartReport(apart, simulator);
        if (settings.Browser)
        {
            Browser.Open($"http://{apart.Plan.QueryAddress}/");
        }

        using var viewing = new CancellationTokenSource();
        var view = new PlatformView(apart.Look, () => simulator, settings.Plain, () => stop.IsCancellationRequested ? says : null).RunAsync(viewing.Token);
        report.Begin();
        var code = await WaitAsync(simulator, settings, time, logger, stop.Token);
        report.End();
        HostLog.Stopping(logger);
        if (!await time.StopAsync(token => apart.StopAsync(drain: true, token)) && settings.Duration is not null)
        {
            code = ExitCodes.Failure;
        }

        await viewing.CancelAsync();
        await view.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (settings.Report is not null)
        {
            await File.WriteAllTextAsync(settings.Report, JsonSerializer.Serialize(report.Build(), RunReport.Json), CancellationToken.None);
        }

        return code;
    }

    private static bool IsLive(UpSettings settings) => !settings.Plain && !Console.IsOutputRedirected;

    private static async Task<int> WaitAsync(
        SimulatorProcess? simulator, UpSettings settings, RunTime time, ILogger logger, CancellationToken stop)
    {
        var forever = Task.Delay(settings.Duration is { } duration && simulator is null ? duration : Timeout.InfiniteTimeSpan, stop);
        var first = simulator is null
            ? forever
            : await Task.WhenAny(forever, simulator.WaitForExitAsync(stop), time.FleetIsLateAsync(stop));
        await first.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (simulator is { HasExited: true, ExitCode: not 0 })
        {
            HostLog.SimulatorEnded(logger, simulator.ExitCode, simulator.ErrorText);
            if (settings.Duration is not null)
            {
                return ExitCodes.Failure;
            }

            await forever.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        else if (simulator is { HasExited: false })
        {
            await time.StopFleetAsync(simulator.WaitForExitAsync(CancellationToken.None), simulator.RequestStop);
        }

        return 0;
    }
}
