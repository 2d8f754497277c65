using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Simulator;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Totals;

namespace Telemetry.Benchmarks.Simulator;

/// <summary>
/// What the simulator costs while it loads a running platform: CPU for a million acknowledged readings and memory. Each run is
/// a process of its own.
/// </summary>
internal static class SimulatorCost
{
    private const int Rounds = 2;

    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(5);

    // Ten thousand devices connect at a thousand a second; a busy machine takes longer.
    private static readonly TimeSpan ConnectingMax = TimeSpan.FromMinutes(2);

    private static readonly Load[] Loads =
    [
        new("10,000 devices, 10 M readings/h", 10_000, 10_000_000),
        new("500 devices, full speed", 500, 0),
    ];

    /// <summary>Runs each load <see cref="Rounds"/> times and prints a table.</summary>
    public static async Task PrintAsync(TextWriter to, string broker, int seconds)
    {
        to.WriteLine("| load | connected | readings/s acknowledged | CPU s per million readings | CPU s to connect | peak RSS MB | lost connections |");
        to.WriteLine("|---|---|---|---|---|---|---|");
        foreach (var load in Loads)
        {
            for (var round = 0; round < Rounds; round++)
            {
                await PrintRunAsync(to, load, broker, seconds);
            }
        }
    }

    /// <summary>One run in this process; its figures go out as one line of JSON.</summary>
    public static async Task RunAsync(TextWriter to, string broker, int devices, double ratePerHour, int seconds)
    {
        var directory = Directory.CreateTempSubdirectory("telemetry-simulator-cost-").FullName;
        try
        {
            var options = OptionsFor(broker, devices, ratePerHour, directory);
            var simulator = new FleetSimulator(options, TimeProvider.System, NullLogger<FleetSimulator>.Instance);
            using var end = new CancellationTokenSource(ConnectingMax);
            var meter = new Meter(devices, TimeSpan.FromSeconds(seconds), end);
            await simulator.RunAsync(meter, end.Token);
            await to.WriteLineAsync(JsonSerializer.Serialize(meter.Figures()));
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static SimulatorOptions OptionsFor(string broker, int devices, double ratePerHour, string directory)
    {
        var colon = broker.LastIndexOf(':');
        return new SimulatorOptions
        {
            Host = broker[..colon],
            Port = int.Parse(broker.AsSpan(colon + 1), CultureInfo.InvariantCulture),
            Devices = devices,
            RatePerHour = ratePerHour,
            LedgerDirectory = directory,
            DevicePrefix = "bench" + Guid.NewGuid().ToString("N")[..8],
        };
    }

    private static async Task PrintRunAsync(TextWriter to, Load load, string broker, int seconds)
    {
        string[] arguments =
        [
            typeof(SimulatorCost).Assembly.Location, "simulator-run", broker, Text(load.Devices), Text(load.RatePerHour), Text(seconds),
        ];
        using var child = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        var line = await child.StandardOutput.ReadToEndAsync();
        await child.WaitForExitAsync();
        var figures = JsonSerializer.Deserialize<Figures>(line)
            ?? throw new InvalidOperationException("The run gave no figures.");
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {load.Name} | {figures.Connected} | {figures.ReadingsPerSecond:0} | {figures.CpuPerMillion:0.0} "
            + $"| {figures.CpuToConnect:0.0} | {figures.PeakMegabytes:0} | {figures.Disconnects} |"));
    }

    private static string Text(double number) => number.ToString(CultureInfo.InvariantCulture);

    private sealed record Load(string Name, int Devices, double RatePerHour);

    /// <param name="Connected">Devices connected at the end.</param>
    /// <param name="ReadingsPerSecond">Acknowledged in the measured time.</param>
    /// <param name="CpuPerMillion">Seconds of CPU for a million acknowledged readings in the measured time.</param>
    /// <param name="CpuToConnect">Seconds of CPU from the start of the process to the last device connected and warm.</param>
    /// <param name="PeakMegabytes">Most resident memory.</param>
    /// <param name="Disconnects">Connections that ended unasked.</param>
    private sealed record Figures(
        long Connected, double ReadingsPerSecond, double CpuPerMillion, double CpuToConnect, double PeakMegabytes, long Disconnects);

    /// <summary>Measures from when all devices are connected and warm, for a given time, then ends the run.</summary>
    private sealed class Meter(int devices, TimeSpan duration, CancellationTokenSource end) : IProgress<SimulatorProgress>
    {
        private TimeSpan? _connectedAt;
        private Sample? _first;
        private Sample? _last;

        public void Report(SimulatorProgress value)
        {
            if (_last is not null)
            {
                return;
            }

            if (value.Connected == devices)
            {
                _connectedAt ??= value.Elapsed;
            }

            if (_first is null && value.Elapsed - _connectedAt >= WarmUp)
            {
                _first = Sample.Take(value);
                end.CancelAfter(Timeout.InfiniteTimeSpan);
            }
            else if (_first is not null && value.Elapsed - _first.Progress.Elapsed >= duration)
            {
                _last = Sample.Take(value);
                end.Cancel();
            }
        }

        public Figures Figures()
        {
            if (_first is not { } first || _last is not { } last)
            {
                throw new InvalidOperationException($"{devices} devices were not connected within {ConnectingMax}.");
            }

            var readings = last.Progress.Acked - first.Progress.Acked;
            return new Figures(
                last.Progress.Connected,
                readings / (last.Progress.Elapsed - first.Progress.Elapsed).TotalSeconds,
                (last.Cpu - first.Cpu).TotalSeconds * 1e6 / readings,
                first.Cpu.TotalSeconds,
                last.PeakBytes / 1e6,
                last.Progress.Disconnects);
        }

        private sealed record Sample(SimulatorProgress Progress, TimeSpan Cpu, long PeakBytes)
        {
            public static Sample Take(SimulatorProgress progress)
            {
                using var process = Process.GetCurrentProcess();
                return new Sample(progress, process.TotalProcessorTime, process.PeakWorkingSet64);
            }
        }
    }
}
