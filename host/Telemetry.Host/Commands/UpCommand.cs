using System.CommandLine;
using System.Text.Json;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Host.Logging;
using Telemetry.Host.Reports;
using Telemetry.Operations.Reports;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary>Every role in one process, with the simulator beside it.</summary>
internal static class UpCommand
{
    public static Command Create()
    {
        var shared = new SharedOptions();
        SimulatorFlags.AddTo(shared);
        ClusterFlags.AddTo(shared);
        shared.Map("--http-port", "Http:Port", "Port of console, API, metrics and health (default 8080; 0: a free one).");
        shared.Map("--mqtt-port", "Edge:Listeners:0:Port", "Port of MQTT (default 1883; 0: a free one).");
        shared.MapClickHouseHttp();
        var flags = new UpFlags();
        var command = new ServiceCommand(
            "up",
            "Runs the whole platform with the simulator. Needs no other server. With --kafka it runs over a cluster, with --roles-apart with one process for each role.");
        shared.AddTo(command);
        flags.AddTo(command);
        command.SetAction((result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var settings = flags.Read(result, options);
            Preflight.Check(options, Roles.All);
            return settings.Apart is null
                ? StartAsync(options, settings, cancellationToken)
                : UpApart.RunAsync(options, settings, shared.Forward(result), cancellationToken);
        });
        return command;
    }

    private static async Task<int> StartAsync(TelemetryOptions options, UpSettings settings, CancellationToken cancellationToken)
    {
        var says = StopSignals.OfRoles(options.ShutdownTimeout * 2, drain: true);
        using var signals = new StopSignals(IsLive(settings) ? null : says);
        try
        {
            return await RunAsync(options, settings, signals, says, cancellationToken);
        }
        catch (OperationCanceledException) when (signals.Token.IsCancellationRequested)
        {
            return 0; // Stopped before its cluster was there.
        }
    }

    private static async Task<int> RunAsync(
        TelemetryOptions options, UpSettings settings, StopSignals signals, string says, CancellationToken cancellationToken)
    {
        using var instrumentation = Observing.Start(options, "up");
        var live = IsLive(settings);
        var logging = live && options.Logging.File.Length == 0
            ? options.Logging with { File = Path.Combine(options.Data, "logs", "telemetry-.jsonl") }
            : options.Logging;
        using var loggers = LoggingSetup.Create(logging, console: !live);
        using var time = new RunTime(settings.Duration, options.ShutdownTimeout, loggers, signals.Token);
        new DataDirectory(options.Data).Create(journal: !options.IsKafka, clickHouse: options.ClickHouse.Endpoint is null);

        // What a killed predecessor left behind names addresses where nothing is.
        InstanceFile.Delete(options);
        await using var platform = await time.StartAsync(token => Platform.StartAsync(options, Roles.All, instrumentation, loggers, token));
        InstanceFile.Write(options, platform);
        var fleet = FirstStart.WithPast(options, settings);
        if (settings.Simulator && platform.Catalogue is { } catalogue)
        {
            await SimulatedCatalogue.AnnounceAsync(catalogue, fleet, DateTimeOffset.UtcNow, signals.Token);
        }

        await using var simulator = settings.Simulator
            ? SimulatorProcess.Start(
            SimulatorArguments.Of(options.Data, fleet, settings.Duration, platform.Mqtt!.ToString(), platform.Http!.ToString()))
            : null;
        await using var report = new RunReportBuilder(platform, simulator);
        if (settings.Browser)
        {
            Browser.Open($"http://{platform.Http}/");
        }

        using var viewing = new CancellationTokenSource();
        var view = new PlatformView(
            () => Look(platform), () => simulator, settings.Plain, () => signals.Token.IsCancellationRequested ? says : null).RunAsync(viewing.Token);
        var watching = settings.Report is not null || !Console.IsErrorRedirected ? platform.WatchAsync(viewing.Token) : Task.CompletedTask;
        var code = await WaitAsync(platform, simulator, signals, settings, time, report, cancellationToken);
        await viewing.CancelAsync();
        await Task.WhenAll(view, watching).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (code == 0)
        {
            HostLog.Stopping(platform.Logger);
            if (!await time.StopAsync(token => platform.StopAsync(drain: true, token)) && settings.Duration is not null)
            {
                code = ExitCodes.Failure;
            }
        }
        else
        {
            time.Failed(code);
        }

        if (settings.Report is not null)
        {
            await File.WriteAllTextAsync(settings.Report, JsonSerializer.Serialize(report.Build(), RunReport.Json), CancellationToken.None);
        }

        InstanceFile.Delete(options);
        return code;
    }

    private static bool IsLive(UpSettings settings) => !settings.Plain && !Console.IsOutputRedirected;

    private static PlatformLook Look(Platform platform) =>
        new($"{platform.Http}", $"{platform.Mqtt}", platform.Sampler.Health, platform.NotReady(), []);

    private static async Task<int> WaitAsync(
        Platform platform, SimulatorProcess? simulator, StopSignals signals, UpSettings settings, RunTime time, RunReportBuilder report,
        CancellationToken cancellationToken)
    {
        using var ending = new CancellationTokenSource();
        if (settings.Duration is { } duration && simulator is null)
        {
            ending.CancelAfter(duration);
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, ending.Token);
        var stop = signals.WaitAsync(either.Token);
        var fleet = simulator is null ? Task.Delay(Timeout.InfiniteTimeSpan, either.Token) : simulator.WaitForExitAsync(either.Token);
        report.Begin();
        var late = time.FleetIsLateAsync(either.Token);
        var first = await Task.WhenAny(stop, fleet, platform.Failed, late);
        if (first == platform.Failed)
        {
            var failure = FailedRun.Report(platform.Logger, await platform.Failed);
            await either.CancelAsync();
            return failure;
        }

        if (first == fleet && simulator is { HasExited: true, ExitCode: not 0 })
        {
            HostLog.SimulatorEnded(platform.Logger, simulator.ExitCode, simulator.ErrorText);
            if (settings.Duration is not null)
            {
                report.End();
                return ExitCodes.Failure;
            }

            await stop;
        }
        else if (simulator is { HasExited: false })
        {
            report.SampleSimulator();
            await time.StopFleetAsync(simulator.WaitForExitAsync(CancellationToken.None), simulator.RequestStop);
        }

        report.End();
        await ending.CancelAsync();
        return 0;
    }
}
