namespace Telemetry.Simulator.Signals;

/// <summary>
/// The signals of one machine. Value n of a sensor is a function of seed, device, sensor, n, event time and a little memory
/// (wander, bearing heat), so that a run with the same seed and clock repeats bit for bit. Pieces made follow from the time alone, as in a machine that
/// remembers them: a simulator that starts again goes on counting.
/// </summary>
internal sealed class MachineSignals : IMachineSignals
{
    private const double DayUs = 86_400e6;

    /// <summary>2026-01-01T00:00:00Z, when the machines were built, microseconds since 1970.</summary>
    private const long BuiltUs = 1_767_225_600_000_000;

    /// <summary>Pieces a second at full load.</summary>
    private const double PieceRate = 0.4;

    private readonly ulong _seed;
    private readonly ulong _device;
    private readonly double[] _memory = new double[SensorKinds.Count];
    private readonly long[] _lastTime = new long[SensorKinds.Count];
    private readonly ulong[] _counts = new ulong[SensorKinds.Count];
    private readonly double _dwellUs;
    private readonly double _phase;
    private readonly double _size;
    private readonly double _pieces;

    public MachineSignals(ulong seed, int device)
    {
        _seed = seed;
        _device = (ulong)device;
        _dwellUs = SeededHash.Between(2, 5, seed, _device, 1) * 60e6;
        _phase = SeededHash.Unit(seed, _device, 2);
        _size = SeededHash.Between(0.7, 1.4, seed, _device, 3);
        _pieces = Math.Floor(SeededHash.Between(0, 1e6, seed, _device, 4)) - (PieceRate * Work(BuiltUs));
    }

    /// <summary>Standard normal noise that belongs to the value given last and is not in it.</summary>
    public double ExtraNoise(SensorKind kind) => SeededHash.Normal(_seed, _device, 200 + (ulong)kind, _counts[(int)kind]);

    /// <summary>The next value of a sensor at an event time, microseconds since 1970.</summary>
    public double Next(SensorKind kind, long timeUs)
    {
        var sensor = (int)kind;
        var n = _counts[sensor]++;
        var elapsedSeconds = _lastTime[sensor] == 0 ? 0 : Math.Max(0, timeUs - _lastTime[sensor]) / 1e6;
        _lastTime[sensor] = Math.Max(_lastTime[sensor], timeUs);
        var z = SeededHash.Normal(_seed, _device, 100 + (ulong)sensor, n);
        ref var memory = ref _memory[sensor];
        switch (kind)
        {
            case SensorKind.Temperature:
                memory = (0.9 * memory) + (0.06 * z);
                return Step(21 + (3 * _phase) + (2.5 * Day(timeUs)) + memory, 0.1);
            case SensorKind.BearingTemperature:
                var target = 35 + (6 * _phase) + (Load(timeUs) * 14 * _size);
                memory = memory == 0 ? target : memory + ((target - memory) * (1 - Math.Exp(-elapsedSeconds / 300)));
                return Step(memory + (0.3 * z), 0.1);
            case SensorKind.Pressure:
                return Step((80 * _size) + (Load(timeUs) * 40) + (1.2 * Math.Sin(timeUs / 3.1e6)) + (0.5 * z), 0.05);
            case SensorKind.Vibration:
                return (0.7 + (0.3 * Load(timeUs))) * _size * Math.Exp(0.12 * z);
            case SensorKind.Humidity:
                memory = (0.95 * memory) + (0.3 * z);
                return Step(Math.Clamp(48 + (8 * _phase) - (9 * Day(timeUs)) + memory, 0, 100), 0.5);
            case SensorKind.Power:
                return Step((1.5 + (11 * Load(timeUs))) * _size + (0.2 * z), 0.01);
            case SensorKind.Pieces:
                return Math.Max(0, Math.Floor(_pieces + (PieceRate * Work(_lastTime[sensor]))));
            case SensorKind.Flow:
                return Step(Math.Max(0, (2 + (18 * Load(timeUs))) * (1 + (0.02 * z))), 0.1);
            default:
                return Load(timeUs) > 0 ? 1 : 0;
        }
    }

    private double Day(long timeUs) => Math.Sin(2 * Math.PI * ((timeUs / DayUs) + (0.04 * _phase) - 0.375));

    /// <summary>
    /// 0 idle, 0.6 running, 1 at full load. A cycle has five parts of 2 to 5 minutes: one idle, one at full load, in an order
    /// of its own.
    /// </summary>
    private double Load(long timeUs)
    {
        var part = (ulong)Parts(timeUs);
        var (idle, full) = Order(part / 5);
        return Load(part % 5, idle, full);
    }

    /// <summary>Seconds at full load that make as much as all loads since 1970: their integral over time.</summary>
    private double Work(long timeUs)
    {
        const double cycle = 1 + (3 * 0.6);
        var parts = Parts(timeUs);
        var part = (ulong)parts;
        var (idle, full) = Order(part / 5);
        var done = part / 5 * cycle;
        for (var before = 0UL; before < part % 5; before++)
        {
            done += Load(before, idle, full);
        }

        return (done + ((parts - part) * Load(part % 5, idle, full))) * _dwellUs / 1e6;
    }

    private double Parts(long timeUs) => Math.Max(0, (timeUs / _dwellUs) + _phase);

    /// <summary>Which parts of a cycle are idle and at full load.</summary>
    private (ulong Idle, ulong Full) Order(ulong cycle)
    {
        var bits = SeededHash.Bits(_seed, _device, 5, cycle);
        var idle = bits % 5;
        return (idle, (idle + 1 + (bits / 5 % 4)) % 5);
    }

    private static double Load(ulong part, ulong idle, ulong full) => part == idle ? 0 : part == full ? 1 : 0.6;

    private static double Step(double value, double step) => Math.Round(Math.Round(value / step) * step, 4);
}
