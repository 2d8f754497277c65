namespace Telemetry.Simulator.Signals;

/// <summary>
/// The signals of one machine of the hard fleet: levels follow a load with states of all lengths, air has days, weeks and a year,
/// noise has heavy tails, slow wander goes by time and not by readings, vibration and bearing wear over weeks until they are
/// serviced. A function of seed, device, start and the times asked for.
/// </summary>
internal sealed class HardMachineSignals : IMachineSignals
{
    private const double DayUs = 86_400e6;

    private readonly ulong _seed;
    private readonly ulong _device;
    private readonly MachineStates _states;
    private readonly double[] _memory = new double[SensorKinds.Count];
    private readonly long[] _lastTime = new long[SensorKinds.Count];
    private readonly ulong[] _counts = new ulong[SensorKinds.Count];
    private readonly bool[] _heavyTail = new bool[SensorKinds.Count];
    private readonly double _phase;
    private readonly double _size;
    private readonly double _dayHeight;
    private readonly bool _resetsPieces;
    private double _startedUs;
    private bool _ran;

    public HardMachineSignals(ulong seed, int device, long startUs)
    {
        (_seed, _device) = (seed, (ulong)device);
        _states = new MachineStates(seed, device, startUs);
        Wear = new Wear(seed, device);
        _phase = SeededHash.Unit(seed, _device, 2);
        _size = SeededHash.Between(0.7, 1.4, seed, _device, 3);
        _dayHeight = SeededHash.Between(0.5, 1.8, seed, _device, 40);
        _resetsPieces = SeededHash.Unit(seed, _device, 41) < 0.33;
        _memory[(int)SensorKind.Pieces] = Math.Floor(SeededHash.Between(0, 1e6, seed, _device, 4));
        for (var i = 0; i < _heavyTail.Length; i++)
        {
            _heavyTail[i] = SeededHash.Unit(seed, _device, 42, (ulong)i) < 0.33;
        }
    }

    /// <summary>How worn it is.</summary>
    public Wear Wear { get; }

    public double ExtraNoise(SensorKind kind) => SeededHash.Normal(_seed, _device, 200 + (ulong)kind, _counts[(int)kind]);

    public double Next(SensorKind kind, long timeUs)
    {
        var sensor = (int)kind;
        var n = _counts[sensor]++;
        var seconds = _lastTime[sensor] == 0 ? 0 : Math.Max(0, timeUs - _lastTime[sensor]) / 1e6;
        var before = _lastTime[sensor];
        _lastTime[sensor] = timeUs;
        var z = SeededHash.Normal(_seed, _device, 100 + (ulong)sensor, n);
        if (_heavyTail[sensor] && SeededHash.Unit(_seed, _device, 120 + (ulong)sensor, n) < 0.01)
        {
            z *= 2.5;
        }

        var load = _states.At(timeUs);
        ref var memory = ref _memory[sensor];
        switch (kind)
        {
            case SensorKind.Temperature:
                Wander(ref memory, seconds, 600, 0.25, z);
                return Step(Air(timeUs) + memory + (0.05 * z), 0.1);
            case SensorKind.BearingTemperature:
                var target = Air(timeUs) + 12 + (load * 14 * _size * (1 + (0.5 * Wear.At(timeUs))));
                memory = memory == 0 ? target : memory + ((target - memory) * (1 - Math.Exp(-seconds / 500)));
                return Step(memory + (0.3 * z), 0.1);
            case SensorKind.Pressure:
                return Step((80 * _size) + (load * 40) - Day(timeUs) + (1.2 * Math.Sin(timeUs / 3.1e6)) + (0.5 * z), 0.05);
            case SensorKind.Vibration:
                return (0.7 + (0.3 * load) + Start(load, timeUs)) * _size * (1 + Wear.At(timeUs)) * Math.Exp(0.12 * z);
            case SensorKind.Humidity:
                Wander(ref memory, seconds, 900, 1, z);
                return Step(Math.Clamp(48 + (8 * _phase) - (1.8 * (Air(timeUs) - 21)) + memory + (0.2 * z), 0, 100), 0.5);
            case SensorKind.Power:
                return Step(Math.Max(0, (1.5 + (11 * load)) * _size + (0.2 * z)), 0.01);
            case SensorKind.Pieces:
                memory = _resetsPieces && before != 0 && Math.Floor(before / DayUs) != Math.Floor(timeUs / DayUs)
                    ? 0
                    : memory + (seconds * 0.4 * load);
                return Math.Floor(memory);
            case SensorKind.Flow:
                return Step(Math.Max(0, (2 + (18 * load)) * (1 + (0.02 * z))), 0.1);
            default:
                return load > 0.02 ? 1 : 0;
        }
    }

    /// <summary>Noise with a memory of some time, whatever the pace of readings (Ornstein and Uhlenbeck).</summary>
    private static void Wander(ref double memory, double seconds, double tauSeconds, double deviation, double z)
    {
        var keep = Math.Exp(-seconds / tauSeconds);
        memory = (memory * keep) + (deviation * Math.Sqrt(1 - (keep * keep)) * z);
    }

    /// <summary>A machine that starts shakes for some seconds.</summary>
    private double Start(double load, long timeUs)
    {
        var runs = load > 0.02;
        if (runs != _ran)
        {
            _ran = runs;
            _startedUs = runs ? timeUs : 0;
        }

        return runs && timeUs - _startedUs < 15e6 ? 0.25 : 0;
    }

    private double Day(long timeUs) => Math.Sin(2 * Math.PI * ((timeUs / DayUs) + (0.04 * _phase) - 0.375));

    /// <summary>Hall air: a day, a cooler weekend, and the year.</summary>
    private double Air(long timeUs)
    {
        var week = Math.Cos(2 * Math.PI * ((timeUs / (7 * DayUs)) - 0.2));
        var year = Math.Sin(2 * Math.PI * ((timeUs / (365.25 * DayUs)) - 0.3));
        return 19 + (3 * _phase) + (2 * _dayHeight * Day(timeUs)) + (0.8 * week) + (5 * year);
    }

    private static double Step(double value, double step) => Math.Round(Math.Round(value / step) * step, 4);
}
