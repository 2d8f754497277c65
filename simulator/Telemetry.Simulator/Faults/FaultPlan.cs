using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>
/// The faults of one device, one after the other and never two at once, so that each label stands for one cause. A pure
/// function of seed, device and start of the run.
/// </summary>
internal sealed class FaultPlan
{
    private static readonly FaultKind[] Kinds = Enum.GetValues<FaultKind>();

    private readonly ulong _seed;
    private readonly ulong _device;
    private readonly double _meanGapUs;
    private readonly double _readingIntervalUs;
    private readonly FaultMix _mix;
    private ulong _number;

    /// <param name="seed">Seed of the fleet.</param>
    /// <param name="device">Device number.</param>
    /// <param name="startUs">Start of the run, microseconds since 1970.</param>
    /// <param name="perDay">Mean number of faults a day; 0 is none.</param>
    /// <param name="readingInterval">Time between two readings of the device: spans are counted in readings of the sensor.</param>
    /// <param name="mix">Sizes, lengths and sensors of the faults; null: those of the plain fleet.</param>
    public FaultPlan(ulong seed, int device, long startUs, double perDay, TimeSpan readingInterval, FaultMix? mix = null)
    {
        _mix = mix ?? FaultMix.Plain;
        _seed = seed;
        _device = (ulong)device;
        _meanGapUs = perDay > 0 ? 86_400e6 / perDay : double.PositiveInfinity;
        _readingIntervalUs = Math.Max(100, readingInterval.TotalMicroseconds);
        Current = Next(startUs);
    }

    /// <summary>The fault that is on or comes next.</summary>
    public Fault Current { get; private set; }

    /// <summary>Goes on to the fault at or after a time.</summary>
    public Fault At(long timeUs)
    {
        while (timeUs >= Current.EndUs)
        {
            Current = Next(Current.EndUs);
        }

        return Current;
    }

    /// <summary>Ends the present fault: a spike after its reading.</summary>
    public void End() => Current = Next(Current.EndUs);

    private Fault Next(long fromUs)
    {
        var number = _number++;
        var gap = -Math.Log(1 - Unit(number, 1)) * _meanGapUs;
        if (gap >= 100 * 365 * 86_400e6)
        {
            return new(FaultKind.Spike, SensorKind.Temperature, long.MaxValue, long.MaxValue, 0);
        }

        var start = fromUs + (long)gap + 1;
        var kind = Kinds[(int)(Unit(number, 2) * Kinds.Length)];

        // A sensor that is read more often has more faults.
        var sensor = SensorRound.InRound((int)(Unit(number, 3) * SensorRound.Length));
        if (!SensorKinds.IsAnalog(sensor))
        {
            sensor = kind == FaultKind.StuckAt && sensor == SensorKind.Pieces ? sensor : SensorKind.Vibration;
        }

        if (_mix.IsMissing(sensor))
        {
            sensor = SensorKind.Vibration;
        }

        var sign = Unit(number, 4) < 0.5 ? -1 : 1;
        var (size, readings) = _mix.Draw(kind, Unit(number, 5), Unit(number, 6));
        var places = kind == FaultKind.Dropout ? SensorKinds.Count : SensorRound.PlacesBetween(sensor);
        var also = Unit(number, 7) < _mix.PairedShare ? _mix.PairOf(kind, sensor) : null;
        var signed = size == 0 || kind == FaultKind.NoiseBurst ? size : sign * size;
        return new(kind, sensor, start, start + (long)(readings * places * _readingIntervalUs), signed, also);
    }

    private double Unit(ulong number, ulong what) => SeededHash.Unit(_seed, _device, 1_000 + what, number);
}
