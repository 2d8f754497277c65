using Telemetry.Simulator.Signals;

namespace Telemetry.Benchmarks.Storage;

/// <summary>Readings of one series in the order of their event times.</summary>
/// <param name="Device">Number of the device.</param>
/// <param name="Sensor">Sensor.</param>
/// <param name="Times">Event times, microseconds since 1970.</param>
/// <param name="Values">Values.</param>
/// <param name="Sequences">The device's own numbers.</param>
internal sealed record SeriesReadings(int Device, SensorKind Sensor, long[] Times, double[] Values, ulong[] Sequences);

/// <summary>How a fleet measures. Signals are those of the simulator's machines (plain fleet), times are made here.</summary>
/// <param name="Name">For tables.</param>
/// <param name="Description">What it is, in a sentence.</param>
/// <param name="Sensors">Sensors a device has.</param>
/// <param name="Interval">Time between two rounds of a device.</param>
/// <param name="JitterMs">Each reading comes up to this much later, uniformly, in whole milliseconds; 0: all of a round at one moment.</param>
/// <param name="BurstLength">Readings of the first sensor in a round, <paramref name="BurstStep"/> apart; 1: no bursts.</param>
/// <param name="BurstStep">Time between two readings of a burst.</param>
internal sealed record DataSet(
    string Name, string Description, IReadOnlyList<SensorKind> Sensors, TimeSpan Interval, int JitterMs, int BurstLength = 1, TimeSpan BurstStep = default)
{
    private const ulong Seed = 1;

    /// <summary>The first day of a month, so that all rows lie in one partition.</summary>
    private static readonly DateTime Start = new(2026, 5, 1, 0, 0, 0, DateTimeKind.Utc);

    private static readonly SensorKind[] EverySensor = Enum.GetValues<SensorKind>();

    /// <summary>The four that figures are stated for.</summary>
    public static readonly IReadOnlyList<DataSet> All =
    [
        new("regular", "nine sensors every 30 s, all at one moment, to the second", EverySensor, TimeSpan.FromSeconds(30), 0),
        new("jitter", "nine sensors every 30 s, each up to 1 s late, in milliseconds", EverySensor, TimeSpan.FromSeconds(30), 1000),
        new(
            "bursts", "every 10 min 200 vibration readings 10 ms apart and one of each other sensor, up to 1 s late",
            [SensorKind.Vibration, .. EverySensor.Where(s => s != SensorKind.Vibration)], TimeSpan.FromMinutes(10), 1000, 200, TimeSpan.FromMilliseconds(10)),
        new("states", "a counter of pieces and a valve every 10 s, up to 50 ms late, in milliseconds", [SensorKind.Pieces, SensorKind.Valve], TimeSpan.FromSeconds(10), 50),
    ];

    /// <summary>Readings of a device in a round.</summary>
    public int RoundLength => Sensors.Count - 1 + BurstLength;

    /// <summary>All readings of one device over a span that begins with the month, a series each.</summary>
    public IReadOnlyList<SeriesReadings> Play(int device, TimeSpan span)
    {
        var rounds = (int)(span / Interval);
        var signals = new MachineSignals(Seed, device);
        var series = Sensors.Select((sensor, at) => Make(device, sensor, rounds * LengthOf(at))).ToList();
        var startUs = ((Start - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond) + (device % (int)Interval.TotalSeconds * 1_000_000L);
        var intervalUs = (long)Interval.TotalMicroseconds;
        var sequence = 0UL;
        for (var round = 0; round < rounds; round++)
        {
            for (var at = 0; at < series.Count; at++)
            {
                var late = JitterMs == 0 ? 0 : (long)(SeededHash.Bits(Seed, (ulong)device, (ulong)(900 + at), (ulong)round) % (ulong)JitterMs) * 1000;
                for (var i = 0; i < LengthOf(at); i++)
                {
                    var timeUs = startUs + (round * intervalUs) + late + (i * (long)BurstStep.TotalMicroseconds);
                    var to = (round * LengthOf(at)) + i;
                    series[at].Times[to] = timeUs;
                    series[at].Values[to] = signals.Next(series[at].Sensor, timeUs);
                    series[at].Sequences[to] = ++sequence;
                }
            }
        }

        return series;
    }

    /// <summary>Id that names the device's start, as random as those of real devices.</summary>
    public static ulong Boot(int device) => SeededHash.Bits(Seed, (ulong)device, 77);

    public static string DeviceName(int device) => $"press-{device:D5}";

    private static SeriesReadings Make(int device, SensorKind sensor, int count) => new(device, sensor, new long[count], new double[count], new ulong[count]);

    private int LengthOf(int sensor) => sensor == 0 ? BurstLength : 1;
}
