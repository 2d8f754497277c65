using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors;

/// <summary>
/// Turns the alerts of one detector on one series into incidents with start, peak and end. A kernel density over a short
/// window cannot know what is usual for a machine that switches, resets or flickers a few times a day; the gate remembers
/// the largest excursion of the series, and lets an alert through only if it goes well beyond. Pure like
/// <see cref="ISeriesDetector"/>: flat state owned by the caller, no allocation, no exception for any value.
/// </summary>
public sealed class AlertGate
{
    private static readonly int HeaderBytes = Unsafe.SizeOf<AlertGateState>();

    private readonly AlertGateOptions _options;
    private readonly double _fast;
    private readonly double _slow;
    private readonly double _forgetPerMicro;
    private readonly double _maxMicros;

    /// <summary>Makes a gate; throws <see cref="ArgumentException"/> naming every bad option.</summary>
    public AlertGate(AlertGateOptions options)
    {
        OptionChecks.Demand(nameof(AlertGate), options.Validate());
        _options = options;
        _fast = 2.0 / (options.FastReadings + 1);
        _slow = 2.0 / (options.SlowReadings + 1);
        _forgetPerMicro = 1 / options.HalfLife.TotalMicroseconds;
        _maxMicros = options.MaxDuration.TotalMicroseconds;
        StateBytes = HeaderBytes + EarlyEvidence.Bytes(options.EarlyReadings);
        StateVersion = StateLayout.Version(2, nameof(AlertGate), options.ToString());
    }

    /// <summary>Size of one series' state, larger with an early phase.</summary>
    public int StateBytes { get; }

    /// <summary>Changes whenever state of an older layout or other options cannot be continued.</summary>
    public int StateVersion { get; }

    /// <summary>Makes a block the state of a series without any reading.</summary>
    public void Initialize(Span<byte> state) => state[..StateBytes].Clear();

    /// <summary>Takes a reading and what the detector said of it. Every reading, not only alerts.</summary>
    /// <param name="state">The series' block.</param>
    /// <param name="result">The detector's result for this value.</param>
    /// <param name="value">The value.</param>
    /// <param name="eventTimeMicros">Event time, microseconds since 1970.</param>
    public Incident Update(Span<byte> state, in DetectorResult result, double value, long eventTimeMicros)
    {
        ref var s = ref MemoryMarshal.AsRef<AlertGateState>(state);
        if (double.IsNaN(value))
        {
            return Report(s, s.Open == 0 ? IncidentPhase.None : IncidentPhase.Ongoing);
        }

        var early = IsEarly(ref s, state, value);
        var excursion = Excursion(ref s, value);
        Forget(ref s, eventTimeMicros);
        if (s.Open != 0)
        {
            return Continue(ref s, result, value, excursion, eventTimeMicros);
        }

        s.Remembered = result.Alert ? _options.RememberReadings + 1 : Math.Max(0, s.Remembered - 1);
        var usual = s.Remembered > 0 && s.Seen > _options.WarmUpReadings;
        if ((early || usual) && excursion > _options.Margin * s.Usual)
        {
            s.Open = 1;
            s.Remembered = 0;
            s.Pending = 0;
            s.Alerts = 0;
            s.Calm = 0;
            s.StartMicros = eventTimeMicros;
            s.PeakExcursion = -1;
            s.LeastPValue = 1;
            Count(ref s, result, value, excursion, eventTimeMicros);
            return Report(s, IncidentPhase.Started);
        }

        Learn(ref s, excursion);
        return default;
    }

    private static Incident Report(in AlertGateState s, IncidentPhase phase) => phase == IncidentPhase.None
        ? default
        : new Incident(
            phase, s.StartMicros, s.PeakMicros, s.PeakValue, s.PeakExcursion, s.Usual, s.LeastPValue, s.Alerts);

    private static void Count(ref AlertGateState s, in DetectorResult result, double value, double excursion, long micros)
    {
        if (result.Alert)
        {
            s.Alerts++;
            s.LeastPValue = result.PValue < s.LeastPValue ? result.PValue : s.LeastPValue;
        }

        if (excursion > s.PeakExcursion)
        {
            s.PeakExcursion = excursion;
            s.PeakValue = value;
            s.PeakMicros = micros;
        }
    }

    /// <summary>Judges a value before the warm-up is over, and takes it into the early history.</summary>
    private bool IsEarly(ref AlertGateState s, Span<byte> state, double value)
    {
        if (_options.EarlyReadings == 0 || s.Seen > _options.WarmUpReadings || !double.IsFinite(value))
        {
            return false;
        }

        var window = MemoryMarshal.Cast<byte, double>(state[HeaderBytes..StateBytes]);
        var overwhelming = EarlyEvidence.IsOverwhelming(s, window, value, _options);
        EarlyEvidence.Take(ref s, window, value);
        return overwhelming;
    }

    /// <summary>Moves both means (not for an infinity) and returns the distance before the slow one moved.</summary>
    private double Excursion(ref AlertGateState s, double value)
    {
        if (!double.IsFinite(value) || !double.IsFinite(value - s.Slow))
        {
            return double.PositiveInfinity;
        }

        if (s.Seen == 0)
        {
            s.Fast = value;
            s.Slow = value;
        }

        s.Seen = s.Seen == int.MaxValue ? s.Seen : s.Seen + 1;

        // Until a mean is full it is the plain mean of what there is.
        s.Fast += Math.Max(_fast, 1.0 / s.Seen) * (value - s.Fast);
        var excursion = Math.Abs(s.Fast - s.Slow);
        s.Slow += Math.Max(_slow, 1.0 / s.Seen) * (value - s.Slow);
        return excursion;
    }

    private void Forget(ref AlertGateState s, long micros)
    {
        if (s.Seen > 1 && micros > s.LastMicros)
        {
            s.Usual *= Math.Pow(2, -((double)micros - s.LastMicros) * _forgetPerMicro);
        }

        s.LastMicros = Math.Max(s.LastMicros, micros);
    }

    /// <summary>While an alert is remembered the excursion that may follow it is not yet usual; after that it is.</summary>
    private static void Learn(ref AlertGateState s, double excursion)
    {
        s.Pending = double.IsFinite(excursion) ? Math.Max(s.Pending, excursion) : s.Pending;
        if (s.Remembered <= 1)
        {
            s.Usual = Math.Max(s.Usual, s.Pending);
            s.Pending = 0;
        }
    }

    private Incident Continue(
        ref AlertGateState s, in DetectorResult result, double value, double excursion, long micros)
    {
        Count(ref s, result, value, excursion, micros);
        var calm = !result.Alert && excursion <= Math.Max(s.Usual, _options.Release * _options.Margin * s.Usual);
        s.Calm = calm ? s.Calm + 1 : 0;
        if (s.Calm < _options.HoldReadings && (double)micros - s.StartMicros < _maxMicros)
        {
            return Report(s, IncidentPhase.Ongoing);
        }

        var incident = Report(s, IncidentPhase.Ended);
        s.Open = 0;
        if (double.IsFinite(s.PeakExcursion) && s.PeakExcursion > s.Usual)
        {
            s.Usual += _options.Habituation * (s.PeakExcursion - s.Usual);
        }

        return incident;
    }
}
