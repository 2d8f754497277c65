using Telemetry.Simulator.Options;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Machines;

/// <summary>
/// A fleet whose readings are made in the process, as fast as they are asked for: what detectors are tuned and scored on. The same
/// signals, faults and conditions as a fleet that connects, with the same seed, start and pace.
/// <para>
/// Seeds: 1 to 99 are for tuning, 500 is the one of the tests, 1,000 and above are for figures that are stated, and are not looked at while
/// anything is tuned.
/// </para>
/// </summary>
public sealed record FleetPlan
{
    /// <summary>Seed. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Which fleet. Default plain.</summary>
    public Realism Realism { get; init; }

    /// <summary>Number of devices, numbered from 0. Default 200.</summary>
    public int Devices { get; init; } = 200;

    /// <summary>Event time of the start. Default Monday 2026-05-04, 12:00 UTC.</summary>
    public DateTimeOffset Start { get; init; } = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    /// <summary>How long. Default 14 days.</summary>
    public TimeSpan Span { get; init; } = TimeSpan.FromDays(14);

    /// <summary>Time between two readings of one device, over all of its sensors in turn. Default 3.6 s: 10,000 devices at 10 million readings an hour.</summary>
    public TimeSpan ReadingInterval { get; init; } = TimeSpan.FromSeconds(3.6);

    /// <summary>Mean number of faults of a device a day. Default 3; 0 for devices without faults.</summary>
    public double FaultsPerDeviceDay { get; init; } = 3;

    /// <summary>Mean number of conditions (power off, offline, clock set back, sensor missing) of a device a day in the hard fleet. Default 0.5.</summary>
    public double ConditionsPerDeviceDay { get; init; } = 0.5;

    /// <summary>First part of the device ids. Default press.</summary>
    public string DevicePrefix { get; init; } = "press";

    /// <summary>Names of the sensors; <see cref="TracedReading.Sensor"/> is an index into it.</summary>
    public static IReadOnlyList<string> SensorNames { get; } =
        [.. Enum.GetValues<SensorKind>().Select(SensorKinds.Name)];

    /// <summary>Place of a name in <see cref="SensorNames"/>; -1: there is no such sensor.</summary>
    public static int SensorIndex(string name)
    {
        for (var i = 0; i < SensorNames.Count; i++)
        {
            if (SensorNames[i] == name)
            {
                return i;
            }
        }

        return -1;
    }

    /// <summary>True for a sensor that measures a quantity; counters and states are not analog.</summary>
    public static bool IsAnalog(int sensor) => SensorKinds.IsAnalog((SensorKind)sensor);

    /// <summary>Readings of a device from one reading of a sensor to its next, on a device that lacks none: 2 for the vibration, else 16.</summary>
    public static int ReadingsBetween(int sensor) => SensorRound.PlacesBetween((SensorKind)sensor);

    /// <summary>Id of a device.</summary>
    public string DeviceName(int device) => $"{DevicePrefix}-{device:D5}";

    /// <summary>The readings of one device. Devices do not depend on each other: each may be played on a thread of its own.</summary>
    public DeviceTrace Play(int device) => new(this, device);

    internal MachinePlan MachinePlan => new(
        Seed, Realism, (Start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond, ReadingInterval, FaultsPerDeviceDay, ConditionsPerDeviceDay);
}
