using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Telemetry.Contracts.V1;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// The default set: typed channels over one series, each with a calibrated tail, and one finding at a time. See docs/detectors.md.
/// </summary>
public sealed class TypedDetector : IFindingDetector
{
    /// <summary>Beyond it a value is taken for an infinity: squares and sums of it would not be finite.</summary>
    private const double ValueMax = 1e30;

    /// <summary>Resets of a counter that are usual: the fourth raises nothing.</summary>
    private const int ResetsUsual = 3;

    private const double DaySeconds = 86_400;

    private readonly TypedOptions _options;
    private readonly TypedTuning _tuning;
    private readonly double _halfLifeSeconds;

    /// <summary>Makes the set; throws <see cref="ArgumentException"/> naming every bad setting.</summary>
    public TypedDetector(TypedOptions options)
        : this(options, new TypedTuning())
    {
    }

    internal TypedDetector(TypedOptions options, TypedTuning tuning)
    {
        OptionChecks.Demand(nameof(TypedDetector), options.Validate());
        (_options, _tuning) = (options, tuning);
        _halfLifeSeconds = options.HalfLife.TotalSeconds;
        StateBytes = Unsafe.SizeOf<TypedState>();
        StateVersion = StateLayout.Version(5, Name, $"{StateBytes}|{options}|{tuning}");
    }

    /// <inheritdoc/>
    public string Name => "typed";

    /// <summary>Differs by finding: ask <see cref="Describe"/>.</summary>
    public AnomalyKind Kind => AnomalyKind.Unspecified;

    /// <inheritdoc/>
    public int StateVersion { get; }

    /// <inheritdoc/>
    public int StateBytes { get; }

    /// <inheritdoc/>
    public void Initialize(Span<byte> state) => state[..StateBytes].Clear();

    /// <summary>Without a profile; an alert where a finding opens. The p-value is 10 to minus the score.</summary>
    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros)
    {
        var verdict = Watch(state, value, eventTimeMicros, null);
        return new DetectorResult(
            verdict.Phase == FindingPhase.Opened,
            verdict.Score,
            double.IsNaN(value) ? double.NaN : Math.Pow(10, -verdict.Score),
            double.NaN,
            DetectorMode.Unspecified);
    }

    /// <inheritdoc/>
    public Verdict Watch(Span<byte> state, double value, long eventTimeMicros, SensorProfile? profile)
    {
        if (double.IsNaN(value))
        {
            return default;
        }

        ref var s = ref MemoryMarshal.AsRef<TypedState>(state);
        var micros = Math.Max(eventTimeMicros, s.Pace.Seen == 0 ? eventTimeMicros : s.Pace.LastMicros);
        if (!(Math.Abs(value) <= ValueMax))
        {
            var infinite = new Judgement(TailState.ScoreMax, Channel.Residual, FindingKind.Spike, value > 0 ? 1 : -1)
            {
                Evidence = TailState.ScoreMax,
            };
            return Episodes.Follow(ref s, _options, _tuning, infinite, value > 0 ? ValueMax : -ValueMax, micros, Threshold(s));
        }

        var elapsed = s.Pace.Take(micros);
        var (before, last) = (s.Shape.Shape, s.Shape.Last);
        var isUnknownState = s.Shape.Take(value, s.Pace.Seen, s.Pace.AgeSeconds, profile?.Shape ?? SeriesShape.Unknown);
        if (s.Shape.Shape == SeriesShape.Counter != (before == SeriesShape.Counter))
        {
            // What has been learned was of another quantity.
            (s.Residual, s.Level, s.Steady, s.Trend, s.Known, s.Hours, s.HourTail, s.Tails) = (default, default, default, default, default, default, default, default);
        }

        Run(ref s, value, micros);
        var threshold = Threshold(s);
        var isCounter = s.Shape.Shape == SeriesShape.Counter;
        var reset = isCounter && value < last;
        var x = isCounter ? (value - last) / Math.Max(elapsed > 0 ? elapsed : s.Pace.IntervalSeconds, 1e-6) : value;
        var judgement = reset ? default : Channels.Judge(ref s, _tuning, _halfLifeSeconds, x, elapsed, micros);
        if (profile is not null)
        {
            judgement = Rules.Check(profile, judgement, value, last, s.Pace.Seen > 1 ? elapsed : 0, threshold);
        }

        if (reset && s.Shape.Resets++ < ResetsUsual)
        {
            judgement = new Judgement(threshold, Channel.Rule, FindingKind.CounterReset, -1) { Evidence = threshold };
        }
        else if (isUnknownState && judgement.Kind != FindingKind.Limit)
        {
            judgement = new Judgement(threshold, Channel.Rule, FindingKind.UnknownState, value > last ? 1 : -1) { Evidence = threshold };
        }

        return Episodes.Follow(ref s, _options, _tuning, judgement, isCounter && !reset ? x : value, micros, threshold);
    }

    /// <inheritdoc/>
    public Finding Describe(ReadOnlySpan<byte> state) => Episodes.Describe(MemoryMarshal.AsRef<TypedState>(state));

    /// <summary>Follows equal values; of what a machine does, not what is measured, the longest run is remembered.</summary>
    private void Run(ref TypedState s, double value, long micros)
    {
        var (length, start) = (s.Run.Length, s.Run.StartMicros);
        if (s.Run.Take(value, micros) && length > 0 && Channels.IsMachine(s))
        {
            s.Run.Learn(
                length,
                ((double)micros - start) * 1e-6,
                _tuning.LongestHalfLifeSeconds,
                s.Pace.AgeSeconds < _tuning.YoungSeconds ? double.PositiveInfinity : _tuning.LearnMost);
        }
    }

    /// <summary>The -log10 p of an alarm: the budget of false alarms over the readings of a day.</summary>
    private double Threshold(in TypedState s) =>
        Math.Max(4, Math.Log10(DaySeconds / Math.Max(s.Pace.IntervalSeconds, 1e-4) / _options.FalseAlarmsPerDay));
}
