namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Runs every channel on one value, and says which of them finds it strangest.</summary>
internal static class Channels
{
    /// <summary>Readings after which what was seen at power-on is looked at again.</summary>
    private const int PowerOnReadings = 24;

    /// <summary>Judges a value and learns from it.</summary>
    public static Judgement Judge(ref TypedState s, TypedTuning tuning, double halfLifeSeconds, double x, double elapsed, long micros)
    {
        if (s.Level.Count == 0)
        {
            s.Level.Start(x);
            s.Range.Start(x, x);
        }

        var distance = s.Known.Distance(x, out var apart);
        if (s.Pace.AgeSeconds < tuning.YoungSeconds && !KnowsStates(s, tuning))
        {
            // What it does not know yet is not strange while the level comes there slowly.
            distance = Math.Min(distance, Math.Abs(x - s.Level.Local));
        }

        var expected = s.Hours.Expected(micros);
        if (!double.IsNaN(expected) && s.Hours.Reach > tuning.DayReach)
        {
            // Each day's highest and lowest value is a new one where the day is what moves the series.
            distance = Math.Min(distance, Math.Abs(x - expected));
        }

        var direction = x >= s.Level.Slow ? 1 : -1;
        var resolutions = Measure(ref s, tuning, x, x - Reference(s, tuning, expected), distance, apart, out var scores);
        var evidence = Remember(ref s, x, micros);
        if (s.Episode.Open == 0)
        {
            s.Known.Offer(x, elapsed, halfLifeSeconds);
            s.Trend.Take(
                x - s.Known.Origin, s.Level.Count, Math.Clamp(s.Pace.IntervalSeconds / tuning.TrendSeconds, 1e-6, 0.5), tuning.SteadyMost * Math.Max(s.Steady.Spread, tuning.QuietScale * s.Residual.Quiet));
        }

        if (s.Level.Count == PowerOnReadings)
        {
            Settle(ref s);
        }

        if (s.Level.Count <= PowerOnReadings)
        {
            return default;
        }

        var isPlaced = Place(ref s, tuning, expected);
        var judgement = Strangest(s, tuning, scores, resolutions, direction, isPlaced);
        s.Tails.Take(scores, tuning, s.Level.Dwell.Readings, PlacedDwell(s, tuning), isPlaced, PlacedBlocks(s, tuning), LearnsRuns(s, tuning), micros);
        return judgement with { Evidence = IsMachine(s) ? judgement.Score : evidence };
    }

    /// <summary>
    /// Follows how long the series stays at a distance from where it should be; true while the channels that look at this distance can say something. Of a
    /// machine that holds each of its states for long the hour of the day says little; and a slow series has no level before the profile is known.
    /// </summary>
    private static bool Place(ref TypedState s, TypedTuning tuning, double expected)
    {
        ref var steady = ref s.Steady;
        var isKnown = !double.IsNaN(expected);
        if (isKnown && steady.HasProfile == 0)
        {
            steady.HasProfile = 1;
            if (IsSlow(s, tuning) || !IsPaced(s, tuning) || !IsPlaced(s, tuning))
            {
                steady.Dwell.Restart(s.Residual.Median - expected);
                s.Tails.RestartPlaced();
            }
        }

        if (!isKnown && IsSlow(s, tuning) && (s.Pace.AgeSeconds < tuning.TrendSettled * tuning.TrendSeconds || !Wanders(s, tuning)))
        {
            return false;
        }

        if (s.Episode.Open == 0)
        {
            steady.Dwell.Take(s.Residual.Median - Reference(s, tuning, expected), tuning.QuietScale * s.Residual.Quiet, share: 0);
        }

        return IsPlaced(s, tuning);
    }

    /// <summary>A new counter stands still whenever its machine does: how long, it learns as it is in the first days, told or not.</summary>
    internal static bool LearnsRuns(in TypedState s, TypedTuning tuning) =>
        s.Shape.Shape == SeriesShape.Counter && s.Pace.AgeSeconds < tuning.YoungSeconds;

    /// <summary>A counter or a state: how often it repeats itself is a matter of the machine, not of noise.</summary>
    internal static bool IsMachine(in TypedState s) => s.Shape.Shape is SeriesShape.Counter or SeriesShape.State;

    /// <summary>
    /// Equal values in a row that are usual, whatever the blocks hold: two standstills that follow each other are rare, and longer than any of one day.
    /// 0 where the blocks alone say it.
    /// </summary>
    private static double UsualRun(in TypedState s, TypedTuning tuning) => IsMachine(s) ? tuning.LongestMargin * s.Run.Longest : 0;

    /// <summary>Blocks before the channels that look at the distance from where it should be say anything; level and slope of a young series are less sure than the profile.</summary>
    private static int PlacedBlocks(in TypedState s, TypedTuning tuning) =>
        FollowsTrend(s, tuning) ? tuning.TrendBlocks : tuning.PlacedBlocks;

    /// <summary>Where it should be: by the profile of the day; before that is known by level and slope of a slow series, by the slow level of another.</summary>
    private static double Reference(in TypedState s, TypedTuning tuning, double expected) =>
        !double.IsNaN(expected) ? expected : IsSlow(s, tuning) ? s.Known.Origin + s.Trend.Expected : s.Level.Slow;

    /// <summary>Level and slope say where it should be.</summary>
    private static bool FollowsTrend(in TypedState s, TypedTuning tuning) => s.Steady.HasProfile == 0 && IsSlow(s, tuning);

    /// <summary>Readings not so close together that the slow level is short against the time a machine stays in a state.</summary>
    private static bool IsPaced(in TypedState s, TypedTuning tuning) => s.Pace.IntervalSeconds >= tuning.PacedSeconds;

    /// <summary>
    /// Share of a reading that counts for what piles up. Where readings come fast and the level wanders, hundreds of them say one thing: what scatters
    /// from reading to reading, or steps between levels, says something new with each.
    /// </summary>
    private static float FarShare(in TypedState s, TypedTuning tuning)
    {
        var share = s.Pace.IntervalSeconds / tuning.PacedSeconds;
        var steps = s.Level.Dwell.Switches >= tuning.PlacedSwitches && s.Level.Dwell.Readings * s.Pace.IntervalSeconds < tuning.PlacedDwellLow;
        return share >= 1 || steps || s.Level.Spread <= tuning.WanderSpread * s.Residual.Jump ? 1 : (float)share;
    }

    /// <summary>A machine that steps from level to level within a few readings has no slope; the air of a hall has.</summary>
    private static bool Wanders(in TypedState s, TypedTuning tuning) =>
        s.Level.Dwell.Switches == 0 || s.Level.Dwell.Readings > tuning.TrendDwell;

    /// <summary>A machine that steps from level to level has shown its levels: it comes to no new one slowly.</summary>
    private static bool KnowsStates(in TypedState s, TypedTuning tuning) =>
        s.Level.Dwell.Switches >= tuning.StatesSwitches && s.Level.Dwell.Readings < tuning.TrendDwell;

    /// <summary>Readings so far apart that the slow level is not short against the day.</summary>
    private static bool IsSlow(in TypedState s, TypedTuning tuning) => s.Pace.IntervalSeconds > tuning.EarlySeconds;

    /// <summary>Mean readings at a distance from where it should be; 0 until it has switched often enough to say.</summary>
    private static double PlacedDwell(in TypedState s, TypedTuning tuning) =>
        s.Steady.Dwell.Switches < tuning.PlacedSwitches ? 0 : s.Steady.Dwell.Readings;

    /// <summary>
    /// False of a machine that steps between states which it holds for long. What goes to and fro as slowly and without steps, because it follows the load
    /// with a delay, can be looked at.
    /// </summary>
    private static bool IsPlaced(in TypedState s, TypedTuning tuning)
    {
        var seconds = PlacedDwell(s, tuning) * s.Pace.IntervalSeconds;
        return seconds < tuning.PlacedDwellLow || seconds > tuning.PlacedDwellHigh
            || (seconds < tuning.SwingSeconds && s.Tails.Usual[(int)Channel.Step] < tuning.SwingStep);
    }

    private static Resolutions Measure(
        ref TypedState s, TypedTuning tuning, double x, double away, double distance, double apart, out ChannelScores scores)
    {
        s.Residual.Take(x, out var residual, out var jump, out var peak);
        var floor = Math.Max(Math.Max(0.5 * s.Residual.Quiet, 1e-9 * Math.Abs(x)), 1e-12);
        var quiet = Math.Max(s.Residual.Quiet, floor);
        var scale = Math.Max(s.Residual.Scale, floor);
        var noise = tuning.QuietScale * quiet;
        var far = distance / ((tuning.Apart * apart) + noise);

        scores = default;
        scores[(int)Channel.Residual] = Single(residual / scale);
        scores[(int)Channel.Peak] = s.Pace.SinceGap < 2 ? 0 : Single(peak / noise);
        s.Residual.Learn(residual, jump, floor);
        scores[(int)Channel.Scatter] = Single(s.Residual.Scatter / Math.Max(s.Residual.Jump, floor));

        s.Level.Take(x, floor, Math.Clamp(s.Pace.IntervalSeconds / tuning.LocalSeconds, 1.0 / 200, 1.0 / 8));
        s.Steady.Take(away, noise, 1.0 / s.Level.Count, tuning);
        s.Level.TakeFar(Single(far), FarShare(s, tuning), tuning);
        var spread = Math.Max(s.Level.Spread, floor);
        scores[(int)Channel.Level] = Single(Math.Abs(s.Level.Fast - s.Level.Slow) / spread);
        scores[(int)Channel.Sum] = Math.Max(s.Level.Up, s.Level.Down);
        scores[(int)Channel.Run] = s.Run.Length;
        scores[(int)Channel.Distance] = Single(far);
        scores[(int)Channel.DistanceSum] = s.Level.Far;
        scores[(int)Channel.Step] = s.Pace.SinceGap < 7 ? 0 : Single(s.Residual.Step / noise);
        scores[(int)Channel.Above] = Math.Max(s.Steady.Mean, 0);
        scores[(int)Channel.Below] = Math.Max(-s.Steady.Mean, 0);
        if (s.Episode.Open == 0)
        {
            s.Level.Dwell.Take(s.Residual.Median, noise, tuning.AnchorShare);
        }

        return new Resolutions(Single(quiet / scale), Single(quiet / noise), Single(quiet / ((tuning.Apart * apart) + noise)));
    }

    private static Judgement Strangest(
        in TypedState s, TypedTuning tuning, in ChannelScores scores, in Resolutions resolutions, int direction, bool isPlaced)
    {
        var age = s.Pace.AgeSeconds;
        var isGrown = s.Tails.IsGrown(tuning, s.Level.Dwell.Readings) && s.Level.Count >= tuning.SettledReadings;
        var isTrend = FollowsTrend(s, tuning);
        var isPlacedGrown = s.Tails.IsGrown(tuning, PlacedDwell(s, tuning));

        // Where the first blocks are shorter than a machine stays in a state, they know one state only.
        var isPaced = IsPaced(s, tuning);
        var silent = isPaced ? tuning.DwellSeconds : tuning.FastDwellSeconds;

        // Hundreds of fast readings of a level are one look at it: few such looks are in the blocks.
        var isOne = FarShare(s, tuning) < 1;

        // The air of a hall moves slowly, and far; a machine steps between its levels.
        var wanders = s.Level.Spread > tuning.StepSpread * s.Residual.Jump;
        var best = default(Judgement);
        var noisy = 0.0;
        for (var c = Channel.Residual; c < Channel.Count; c++)
        {
            if (!Applies(c, s.Shape.Shape) || (TailState.IsPlaced(c) && !isPlaced) || (c == Channel.Step && !wanders))
            {
                continue;
            }

            var channel = tuning.Channels[(int)c];
            var resolution = c switch
            {
                Channel.Residual => resolutions.Residual,
                Channel.Peak => resolutions.Peak,
                Channel.Distance => resolutions.Distance,
                Channel.Run => Single(Math.Max(0, UsualRun(s, tuning) - Math.Max(s.Tails.Usual[(int)c], channel.Floor))),
                Channel.DistanceSum => KnowsStates(s, tuning) ? 0 : channel.Floor * (float)(tuning.YoungSum * Math.Max(0, 1 - (age / tuning.YoungSumSeconds))),
                _ => 0,
            };

            // A machine that has shown few of its states yet may step twice as far.
            var own = TailState.IsPlaced(c) && isTrend ? tuning.TrendIndex
                : c == Channel.DistanceSum && age >= tuning.YoungSeconds ? tuning.SettledSumIndex
                : channel.Index;
            var isYoung = !(TailState.IsPlaced(c) ? isPlacedGrown : isGrown) && FollowsLevel(c);
            var index = isYoung ? own * (c == Channel.Residual ? 0.5 : tuning.YoungIndex)
                : (c == Channel.Level && !isPaced) || (c == Channel.Distance && isOne) ? own * tuning.FastIndex
                : own;
            var score = s.Tails.Score(c, tuning, scores[(int)c], resolution, index);
            noisy = c == Channel.Scatter ? score : noisy;
            if (score > best.Score && (c == Channel.Peak || age >= silent || (isPaced && !channel.NeedsDwell)))
            {
                best = new Judgement(score, c, KindOf(c), direction);
            }
        }

        return best with { Noise = noisy };
    }

    /// <summary>-log10 p by what the series did over days: a record of its range, and the hour of the day.</summary>
    private static double Remember(ref TypedState s, double x, long micros)
    {
        var range = s.Range.High - s.Range.Low;
        var record = s.Range.Take(x);
        var hour = s.HourTail.Take(s.Hours.Take(x, micros, s.Pace.IntervalSeconds, range, learns: s.Episode.Open == 0));
        return Math.Max(Math.Min(record, TailState.ScoreMax), hour);
    }

    /// <summary>A state can only stay too long; the rate of a counter jumps and stands still, but its levels mean nothing.</summary>
    private static bool Applies(Channel channel, SeriesShape shape) => shape switch
    {
        SeriesShape.State => channel == Channel.Run,
        SeriesShape.Counter => channel is Channel.Residual or Channel.Run,
        _ => true,
    };

    /// <summary>Their scores grow with the size of a step.</summary>
    private static bool FollowsLevel(Channel channel) => channel is Channel.Residual or Channel.Level or Channel.Step or Channel.Above or Channel.Below;

    private static FindingKind KindOf(Channel channel) => channel switch
    {
        Channel.Residual or Channel.Peak => FindingKind.Spike,
        Channel.Level or Channel.Step or Channel.Above or Channel.Below => FindingKind.LevelShift,
        Channel.Scatter => FindingKind.NoiseBurst,
        Channel.Run => FindingKind.StuckAt,
        Channel.Distance or Channel.DistanceSum => FindingKind.UnusualLevel,
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
        (s.Level.Up, s.Level.Down, s.Level.Far) = (0, 0, 0);
        s.Steady = new SteadyState { Spread = half };
        s.Trend = new TrendState { Level = (float)(middle - s.Known.Origin) };
        s.Residual.Scale = Math.Min(s.Residual.Scale, half);
        s.Residual.Jump = Math.Min(s.Residual.Jump, 2 * half);
        s.Range.Start(s.Known.Quantile(0), s.Known.Quantile(1));
        s.Hours = default;
    }

    private static float Single(double value) => (float)Math.Min(value, 1e30);

    private readonly record struct Resolutions(float Residual, float Peak, float Distance);
}
