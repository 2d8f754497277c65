using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Telemetry.Contracts.Secrets;
using Telemetry.Host.Composition;
using Telemetry.Host.Logging;
using Telemetry.Operations.Reports;
using Telemetry.Host.Views;
using Telemetry.Simulator;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Totals;

namespace Telemetry.Host.Commands;

/// <summary>A fleet of devices against any MQTT broker.</summary>
internal static class SimulateCommand
{
    /// <summary>
    /// Exit code when the parent died. Nobody is left to report to, and the devices' client ids must be free for the next fleet
    /// at once; the ledger is whole at any moment.
    /// </summary>
    private const int Orphaned = 1;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static Command Create()
    {
        var shared = new SharedOptions();
        SimulatorFlags.AddTo(shared);
        shared.Map("--duration", "Simulator:Duration", "How long to produce, for example 60s; without it until Ctrl-C.");
        shared.Map("--qos", "Simulator:Qos", "1 (default) or 2.");
        shared.Map("--report", "Simulator:ReportPath", "File for the final report (JSON).");
        var broker = new Option<string?>("--broker") { Description = "host:port of the broker (default 127.0.0.1:1883)." };
        var api = new Option<string?>("--api") { Description = "Address of the platform's API: adds its end-to-end latency to the report." };
        var silent = new Option<bool>("--no-catalogue") { Description = "Devices do not announce what they are (retained telemetry/v1/{device}/catalogue)." };
        var plain = new Option<bool>("--plain") { Description = "Plain progress lines, no live view." };
        var json = new Option<bool>("--progress-json") { Description = "One JSON object every second on standard output." };
        var parent = new Option<bool>("--stop-with-stdin") 
        {
            Description = "Finish cleanly when standard input ends after the line \"drain\"; end at once when it ends without: the parent has died.",
        };
        var http = new Option<bool>("--http") { Description = "Serve /metrics, /healthz and /readyz at Http:Address and Http:Port." };
        var command = new ServiceCommand("simulate", "Simulates a seeded fleet of devices, with faults, labels and a ledger of what was acknowledged.")
        {
            broker, api, silent, plain, json, parent, http,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var options = shared.Load(result);
            var simulator = WithPassword(WithBroker(options.Simulator, result.GetValue(broker)));
            simulator = result.GetValue(silent) ? simulator with { CatalogueTopic = "" } : simulator;
            using var signals = new StopSignals("Stopping: devices send what they have measured and wait for the last acknowledgements.", supervised: result.GetValue(parent));
            using var watch = result.GetValue(parent) ? new ParentWatch(static () => ProcessExit.Now(Orphaned)) : null;
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(
                cancellationToken, signals.Token, watch?.Token ?? CancellationToken.None);
            using var instrumentation = Observing.Start(options, "simulate");
            using var logging = LoggingSetup.Create(options.Logging, console: !result.GetValue(json));
            using var view = SimulatorView.Create(result.GetValue(json), result.GetValue(plain), simulator);
            var connected = 0L;
            IReadOnlyList<string> NotReady() => Interlocked.Read(ref connected) > 0 ? [] : ["no device is connected"];
            await using var server = result.GetValue(http)
                ? await OperationsServer.StartAsync(options, instrumentation, NotReady, logging, stop.Token)
                : null;
            var fleet = new FleetSimulator(simulator, TimeProvider.System, logging.CreateLogger<FleetSimulator>());
            var report = JsonSerializer.SerializeToNode(await fleet.RunAsync(new Progress(Show), stop.Token))!.AsObject();
            void Show(SimulatorProgress progress)
            {
                Interlocked.Exchange(ref connected, progress.Connected);
                view.Show(progress);
            }

            if (result.GetValue(api) is { } address)
            {
                report["e2e_ms"] = await EndToEndLatency.ReadAsync(ParseApi(address));
                await WriteAsync(simulator.ReportPath, report);
            }

            view.Finish(report);
            if (!result.GetValue(json))
            {
                await result.InvocationConfiguration.Output.WriteLineAsync(report.ToJsonString(Indented));
            }

            return 0;
        });
        return command;
    }

    private static SimulatorOptions WithPassword(SimulatorOptions options) => options.PasswordFile is { Length: > 0 } file
        ? options with { Password = SecretFile.Read(file, "Simulator:PasswordFile") }
        : options;

    /// <exception cref="FormatException">Not host:port.</exception>
    internal static SimulatorOptions WithBroker(SimulatorOptions options, string? broker)
    {
        if (broker is null)
        {
            return options;
        }

        var colon = broker.LastIndexOf(':');
        return colon > 0 && int.TryParse(broker[(colon + 1)..], out var port) && port is > 0 and < 65536
            ? options with { Host = broker[..colon].Trim('[', ']'), Port = port }
            : throw new FormatException($"--broker \"{broker}\": give host:port, for example 127.0.0.1:1883.");
    }

    /// <exception cref="FormatException">Not an http address.</exception>
    private static Uri ParseApi(string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https")
            ? uri
            : throw new FormatException($"--api \"{address}\": give an address, for example http://127.0.0.1:8080/.");

    private static Task WriteAsync(string? path, JsonObject report) =>
        path is null ? Task.CompletedTask : File.WriteAllTextAsync(path, report.ToJsonString(Indented), CancellationToken.None);

    /// <summary>Calls back on the reporting thread, in order; the framework's own Progress would post to the pool.</summary>
    private sealed class Progress(Action<SimulatorProgress> show) : IProgress<SimulatorProgress>
    {
        public void Report(SimulatorProgress value) => show(value);
    }
}
