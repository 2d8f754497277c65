using System.Globalization;
using Telemetry.Simulator.Options;

namespace Telemetry.Host.Composition;

/// <summary>Command line of the simulator beside a platform.</summary>
internal static class SimulatorArguments
{
    /// <param name="data">Folder of ledger and labels.</param>
    /// <param name="fleet">The fleet.</param>
    /// <param name="duration">How long it produces; null: until it is stopped.</param>
    /// <param name="mqtt">The broker, host:port.</param>
    /// <param name="http">The API, host:port.</param>
    public static List<string> Of(string data, SimulatorOptions fleet, TimeSpan? duration, string mqtt, string http)
    {
        List<string> arguments =
        [
            "simulate", "--progress-json", "--stop-with-stdin", "--data", data,

            // The platform puts the fleet's catalogue onto the log itself, with patterns for the sensors.
            "--no-catalogue",
            "--broker", mqtt,
            "--api", $"http://{http}/",
            "--devices", fleet.Devices.ToString(CultureInfo.InvariantCulture),
            "--rate", fleet.RatePerHour == 0 ? "max" : fleet.RatePerHour.ToString("R", CultureInfo.InvariantCulture) + "/h",
            "--readings-per-publish", fleet.ReadingsPerPublish.ToString(CultureInfo.InvariantCulture),
            "--set", "Simulator:BurstFactor=" + fleet.BurstFactor.ToString("R", CultureInfo.InvariantCulture),
            "--set", "Simulator:BurstAfter=" + fleet.BurstAfter.ToString("c", CultureInfo.InvariantCulture),
            "--set", "Simulator:BurstDuration=" + fleet.BurstDuration.ToString("c", CultureInfo.InvariantCulture),
            "--seed", fleet.Seed.ToString(CultureInfo.InvariantCulture),
            "--set", "Simulator:FaultsPerDeviceDay=" + fleet.FaultsPerDeviceDay.ToString("R", CultureInfo.InvariantCulture),
            "--realism", fleet.Realism == Realism.Hard ? "hard" : "plain",
            "--set", "Simulator:ConditionsPerDeviceDay=" + fleet.ConditionsPerDeviceDay.ToString("R", CultureInfo.InvariantCulture),
            "--set", "Simulator:DuplicateShare=" + fleet.DuplicateShare.ToString("R", CultureInfo.InvariantCulture),
            "--set", "Simulator:OutOfOrderShare=" + fleet.OutOfOrderShare.ToString("R", CultureInfo.InvariantCulture),
            "--set", "Simulator:MaxInFlight=" + fleet.MaxInFlight.ToString(CultureInfo.InvariantCulture),
            "--set", "Simulator:QueueMax=" + fleet.QueueMax.ToString(CultureInfo.InvariantCulture),
            "--set", "Simulator:Qos=" + fleet.Qos.ToString(CultureInfo.InvariantCulture),
            "--set", "Simulator:ConnectRatePerSecond=" + fleet.ConnectRatePerSecond.ToString("R", CultureInfo.InvariantCulture),
            "--set", "Simulator:ReconnectDelayMax=" + fleet.ReconnectDelayMax.ToString("c", CultureInfo.InvariantCulture),
        ];
        if (fleet.History is { Ticks: > 0 } history)
        {
            arguments.AddRange(
            [
                "--history", history.ToString("c", CultureInfo.InvariantCulture),
                "--set", "Simulator:HistoryDevices=" + fleet.HistoryDevices.ToString(CultureInfo.InvariantCulture),
                "--set", "Simulator:HistoryWithin=" + fleet.HistoryWithin.ToString("c", CultureInfo.InvariantCulture),
            ]);
        }

        if (duration is { } length)
        {
            arguments.AddRange(["--duration", length.TotalSeconds.ToString("R", CultureInfo.InvariantCulture) + "s"]);
        }

        return arguments;
    }
}
