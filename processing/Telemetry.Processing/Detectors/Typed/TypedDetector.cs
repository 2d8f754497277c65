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

    /// <summary>Score of an infinity.</summary>
    private const double ScoreMax = 300;

    /// <summary>Readings after which what was seen at power-on is looked at again.</summary>
    private const int PowerOnReadings = 24;

    private const double DaySeconds = 86_400;

    private readonly TypedOptions _options;

    /// <summary>Makes the set; throws <see cref="ArgumentException"/> naming every bad setting.</summary>
    public TypedDetector(TypedOptions options)
    {
        OptionChecks.Demand(nameof(TypedDetector), options.Validate());
        _options = options;
        StateBytes = Unsafe.SizeOf<TypedState>();
        StateVersion = StateLayout.Version(1, Name, $"{StateBytes}|{options}");
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

    /// <summary>Without a profile; an alert where a finding opens. The p-value is 10 to minus the score, 1e-300 at least.</summary>
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
            var infinite = new Judgement(ScoreMax, FindingKind.Spike, value > 0 ? 1 : -1);
            return Episodes.Follow(ref s, _options, infinite, value, value, micros, Threshold(s));
        }

        var elapsed = s.Pace.Take(micros);
        var before = s.Shape.Shape;
        var last = s.Shape.Last;
        var isNewState = s.Shape.Take(value, s.Pace.Seen, profile?.Shape ?? SeriesShape.Unknown);
        if (s.Shape.Shape == SeriesShape.Counter != (before == SeriesShape.Counter))
        {
            Restart(ref s);
        }

        s.Run.Take(value, micros);
        var judgement = new Judgement(0, FindingKind.None, 0);
        var x = value;
        if (s.Shape.Shape == SeriesShape.Counter)
        {
            if (value < last)
            {
                judgement = new Judgement(Threshold(s), FindingKind.CounterReset, -1);
                return Episodes.Follow(ref s, _options, judgement, value, value, micros, Threshold(s));
            }

            x = (value - last) / Math.Max(elapsed > 0 ? elapsed : s.Pace.IntervalSeconds, 1e-6);
        }

        judgement = Judge(ref s, x, elapsed, micros);
        return Episodes.Follow(ref s, _options, judgement, value, x, micros, Threshold(s));
    }

    /// <inheritdoc/>
    public Finding Describe(ReadOnlySpan<byte> state) => Episodes.Describe(MemoryMarshal.AsRef<TypedState>(state));

    /// <summary>The -log10 p of an alarm: the budget of false alarms over the readings of a day.</summary>
    private double Threshold(in TypedState s)
    {
        var interval = Math.Max(s.Pace.IntervalSeconds, 1e-4);
        return Math.Max(3.5, Math.Log10(DaySeconds / interval / _options.FalseAlarmsPerDay));
    }

    /// <summary>A counter was recognised, or was none: what has been learned was of another quantity.</summary>
    private static void Restart(ref TypedState s)
    {
        s.Residual = default;
        s.Level = default;
        s.Known = default;
        s.Hours = default;
        s.Tails = default;
    }

    private Judgement Judge(ref TypedState s, double x, double elapsed, long micros)
    {
        if (s.Level.Count == 0)
        {
            s.Level.Start(x);
        }

        var distance = s.Known.Distance(x);
        s.Residual.Take(x, out var residual, out var jump, out _);
        var floor = Math.Max(Math.Max(0.5 * s.Residual.Step, 1e-9 * Math.Abs(x)), 1e-12);
        var scale = Math.Max(s.Residual.Scale, floor);
        var direction = x >= s.Level.Slow ? 1 : -1;

        ChannelScores scores = default;
        scores[(int)Channel.Residual] = (float)(residual / scale);
        s.Level.Take(x, floor, 0.75);
        var spread = Math.Max(s.Level.Spread, floor);
        scores[(int)Channel.Level] = (float)(Math.Abs(s.Level.Fast - s.Level.Slow) / spread);
        scores[(int)Channel.Cusum] = (float)Math.Max(s.Level.Up, s.Level.Down);
        scores[(int)Channel.LongLevel] = (float)(Math.Abs(s.Level.Medium - s.Level.Long) / spread);
        s.Residual.Learn(residual, jump, floor);
        scores[(int)Channel.Scatter] = (float)(s.Residual.Scatter / Math.Max(s.Residual.Jump, floor));
        scores[(int)Channel.Run] = s.Run.Length;
        scores[(int)Channel.Distance] = (float)(distance / scale);
        scores[(int)Channel.Hour] = (float)Math.Abs(s.Hours.Take(x, micros, floor, 0.3 / 60));
        s.Known.Offer(x, elapsed, _options.HalfLife.TotalSeconds);
        if (s.Level.Count == PowerOnReadings)
        {
            Settle(ref s);
        }

        if (s.Level.Count <= PowerOnReadings)
        {
            return default;
        }

        var best = default(Judgement);
        for (var c = 0; c < (int)Channel.Count; c++)
        {
            var score = Score(s.Tails, (Channel)c, scores[c]);
            if (score > best.Score)
            {
                best = new Judgement(score, KindOf((Channel)c), direction);
            }
        }

        s.Tails.Take(scores);
        s.Tails.Advance(micros);
        return best;
    }

    private static double Score(in TailState tails, Channel channel, float score)
    {
        if (tails.Full == 0)
        {
            return 0;
        }

        var usual = Math.Max(tails.Usual[(int)channel], channel == Channel.Run ? 4 : 1);
        var ratio = score / usual;
        return ratio < 0.5 ? 0 : Math.Clamp(Math.Log10(tails.Odds) + (6 * Math.Log10(ratio)), 0, ScoreMax);
    }

    private static FindingKind KindOf(Channel channel) => channel switch
    {
        Channel.Residual => FindingKind.Spike,
        Channel.Level => FindingKind.LevelShift,
        Channel.Scatter => FindingKind.NoiseBurst,
        Channel.Run => FindingKind.StuckAt,
        Channel.Distance or Channel.DistanceSum or Channel.Range => FindingKind.UnusualLevel,
        _ => FindingKind.Drift,
    };

    /// <summary>What was learned until here may be junk of the power-on: the middle of the sample decides.</summary>
    private static void Settle(ref TypedState s)
    {
        s.Known.ForgetOutliers(5);
        var middle = s.Known.Quantile(0.5);
        var half = (s.Known.Quantile(0.8) - s.Known.Quantile(0.2)) / 2;
        s.Level.Start(middle);
        s.Level.Spread = half;
        (s.Level.Up, s.Level.Down) = (0, 0);
        s.Residual.Scale = Math.Min(s.Residual.Scale, half);
        s.Residual.Jump = Math.Min(s.Residual.Jump, 2 * half);
        s.Hours = default;
    }
}

/// <summary>What the channels say of one reading.</summary>
/// <param name="Score">-log10 p.</param>
/// <param name="Kind">Kind of the channel that says so.</param>
/// <param name="Direction">+1 above the level, -1 below.</param>
internal readonly record struct Judgement(double Score, FindingKind Kind, int Direction);
