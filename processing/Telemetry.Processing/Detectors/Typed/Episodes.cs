namespace Telemetry.Processing.Detectors.Typed;

/// <summary>From judgements of single readings to one finding with start, peak and end.</summary>
internal static class Episodes
{
    /// <summary>Share of the alarm's -log10 p below which a reading is calm.</summary>
    private const double Release = 0.7;

    /// <summary>Readings by which a jump must have stayed to be a level shift.</summary>
    private const int ShiftReadings = 4;

    /// <summary>Readings of which the median is taken.</summary>
    private const int MedianReadings = 7;

    /// <summary>Spreads the level must have moved by.</summary>
    private const double ShiftSpreads = 2;

    /// <summary>Readings after a finding that was too long, in which the new usual is learned and its level raises nothing.</summary>
    private const short LearningReadings = 200;

    public static Verdict Follow(
        ref TypedState s, TypedOptions options, TypedTuning tuning, in Judgement judgement, double x, long micros, double threshold)
    {
        ref var e = ref s.Episode;
        if (e.Open == 0)
        {
            e.Learning = (short)Math.Max(0, e.Learning - 1);
            if (!Opens(s, options, judgement, threshold))
            {
                return new Verdict(FindingPhase.None, FindingKind.None, judgement.Evidence);
            }

            Open(ref s, judgement, x, micros);
            s.Known.Distrust();
            return new Verdict(FindingPhase.Opened, e.Kind, judgement.Evidence);
        }

        e.Age++;
        var strange = judgement.Score >= Release * threshold;
        Note(ref s, judgement, x, micros, strange);
        if (e.Calm >= options.CalmReadings || (e.Age >= options.ReadingsMax && e.Kind is not (FindingKind.StuckAt or FindingKind.Limit)))
        {
            End(ref s, tuning, micros, lasts: e.Calm < options.CalmReadings);
            return new Verdict(FindingPhase.Ended, e.Kind, judgement.Evidence);
        }

        // Both are looked at: a reading may do both.
        var renamed = Rename(ref s, judgement, threshold);
        var graded = Grade(ref e);
        return new Verdict(renamed || graded ? FindingPhase.Updated : FindingPhase.None, e.Kind, judgement.Evidence);
    }

    public static Finding Describe(in TypedState s)
    {
        ref readonly var e = ref s.Episode;
        return new Finding
        {
            Kind = e.Kind,
            Direction = e.Direction,
            IsOpen = e.Open != 0,
            OfRate = e.OfRate != 0,
            StartMicros = e.StartMicros,
            PeakMicros = e.PeakMicros,
            EndMicros = e.EndMicros,
            Readings = e.Readings,
            Score = e.Score,
            Severity = e.Severity,
            Value = e.Value,
            PeakValue = e.PeakValue,
            UsualLow = e.UsualLow,
            UsualHigh = e.UsualHigh,
            Spreads = e.FromSpread > 0 ? (e.PeakValue - e.FromLevel) / e.FromSpread : 0,
            FromLevel = e.FromLevel,
            ToLevel = e.ToLevel,
            RunLength = e.RunLength,
            UsualRunLength = e.UsualRunLength,
            Limit = e.Limit,
            LimitValue = e.LimitValue,
            RatePerSecond = e.RatePerSecond,
        };
    }

    private static bool Opens(in TypedState s, TypedOptions options, in Judgement judgement, double threshold)
    {
        if (judgement.Score < threshold || judgement.Kind == FindingKind.None)
        {
            return false;
        }

        return judgement.Kind switch
        {
            FindingKind.StuckAt => s.Run.Length >= options.RunLeast,
            FindingKind.LevelShift or FindingKind.Drift or FindingKind.UnusualLevel => s.Episode.Learning == 0,
            _ => true,
        };
    }

    private static void Open(ref TypedState s, in Judgement judgement, double x, long micros)
    {
        ref var e = ref s.Episode;

        // What stood out may be the reading before this one.
        var isPeak = judgement.Channel == Channel.Peak;
        e = default;
        e.Open = 1;
        e.Kind = KindAtFirst(s, judgement, x);
        e.Channel = judgement.Channel;
        e.OfRate = s.Shape.Shape == SeriesShape.Counter && judgement.Channel != Channel.Rule ? (byte)1 : (byte)0;
        e.Value = isPeak ? s.Residual.BeforeLast : x;
        e.PeakValue = e.Value;
        e.FromLevel = s.Level.Slow;
        e.FromSpread = Math.Max(s.Level.Spread, Math.Max(1e-9 * Math.Abs(x), 1e-12));
        e.Direction = judgement.Kind is FindingKind.StuckAt or FindingKind.NoiseBurst ? (sbyte)0
            : isPeak ? (e.Value >= s.Level.Slow ? (sbyte)1 : (sbyte)-1)
            : (sbyte)judgement.Direction;
        e.StartMicros = judgement.Kind == FindingKind.StuckAt ? s.Run.StartMicros
            : isPeak ? micros - (long)(s.Pace.IntervalSeconds * 1e6)
            : micros;
        (e.PeakMicros, e.EndMicros) = (e.StartMicros, micros);
        e.Readings = 1;
        e.Score = judgement.Score;
        e.UsualLow = s.Known.Quantile(0.05);
        e.UsualHigh = s.Known.Quantile(0.95);
        e.ToLevel = s.Level.Fast;
        e.RunLength = judgement.Kind == FindingKind.StuckAt ? s.Run.Length : 0;
        e.UsualRunLength = (int)Math.Max(s.Tails.Usual[(int)Channel.Run], s.Run.Longest);
        (e.Limit, e.LimitValue) = (judgement.Limit, judgement.LimitValue);
        Grade(ref e);
    }

    /// <summary>One reading far off, with the last ones where they were, is a spike first: it becomes a level shift when it stays.</summary>
    private static FindingKind KindAtFirst(in TypedState s, in Judgement judgement, double x)
    {
        var stays = Math.Abs(s.Residual.Median - s.Level.Slow) >= 0.5 * Math.Abs(x - s.Level.Slow);
        return judgement.Channel is Channel.Level or Channel.Distance && !stays ? FindingKind.Spike : judgement.Kind;
    }

    private static void Note(ref TypedState s, in Judgement judgement, double x, long micros, bool strange)
    {
        ref var e = ref s.Episode;
        e.Calm = strange ? 0 : e.Calm + 1;

        // When the level comes back, the one it had while this lasted stays.
        var median = s.Residual.Median;
        if (e.Age <= MedianReadings || Math.Abs(median - e.FromLevel) >= 0.5 * Math.Abs(e.ToLevel - e.FromLevel))
        {
            e.ToLevel = median;
        }

        if (strange)
        {
            e.Readings++;
            e.EndMicros = micros;
        }

        if (e.Kind == FindingKind.StuckAt)
        {
            e.RunLength = Math.Max(e.RunLength, s.Run.Length);
        }

        var seconds = (micros - (double)e.StartMicros) * 1e-6;
        e.RatePerSecond = seconds > 0 ? (e.ToLevel - e.FromLevel) / seconds : 0;
        if (judgement.Score > e.Score)
        {
            e.Score = judgement.Score;
        }

        if (Math.Abs(x - e.FromLevel) > Math.Abs(e.PeakValue - e.FromLevel))
        {
            (e.PeakMicros, e.PeakValue) = (micros, x);
        }
    }

    /// <summary>A rule outranks what was found; a jump that stays is a level shift; what scatters far more is noise.</summary>
    private static bool Rename(ref TypedState s, in Judgement judgement, double threshold)
    {
        ref var e = ref s.Episode;
        var (kind, limit) = (e.Kind, e.Limit);
        if (judgement.Kind == FindingKind.Limit && (kind != FindingKind.Limit || Math.Abs((sbyte)judgement.Limit) > Math.Abs((sbyte)e.Limit)))
        {
            (e.Limit, e.LimitValue) = (judgement.Limit, judgement.LimitValue);
            kind = FindingKind.Limit;
        }
        else if (kind is FindingKind.Spike or FindingKind.UnusualLevel && judgement.Noise >= threshold)
        {
            kind = FindingKind.NoiseBurst;
        }
        else if (kind == FindingKind.Spike && e.Age >= ShiftReadings && e.Readings >= ShiftReadings
            && Math.Abs(e.ToLevel - e.FromLevel) > Math.Max(ShiftSpreads * e.FromSpread, 0.5 * Math.Abs(e.PeakValue - e.FromLevel)))
        {
            kind = FindingKind.LevelShift;
        }

        var changed = kind != e.Kind || limit != e.Limit;
        e.Kind = kind;
        return changed;
    }

    private static void End(ref TypedState s, TypedTuning tuning, long micros, bool lasts)
    {
        s.Episode.Open = 0;
        (s.Level.Up, s.Level.Down, s.Level.Far) = (0, 0, 0);
        if (!lasts && s.Level.Dwell.IsBack(s.Residual.Median, tuning.QuietScale * s.Residual.Quiet))
        {
            // It was a fault, not a state of the machine: it is not to become usual, nor to hide the next one.
            s.Level.Dwell.TakeBack();
            s.Steady.Dwell.TakeBack();
            s.Tails.Forget(tuning, Channels.LearnsRuns(s, tuning));
        }

        if (lasts)
        {
            // What lasts is the new usual: its values are taken into the sample as those of a new series are.
            s.Hours.Move(s.Level.Fast, micros);
            s.Level.Slow = s.Level.Fast;
            s.Trend = new TrendState { Level = (float)(s.Level.Fast - s.Known.Origin) };
            s.Known.Renew();
            s.Episode.Learning = LearningReadings;
        }
    }

    /// <summary>Severity by score; true when it is in a higher class of a hundred.</summary>
    private static bool Grade(ref EpisodeState e)
    {
        var before = e.Severity;
        var least = e.Kind == FindingKind.Limit ? (Math.Abs((sbyte)e.Limit) == 2 ? 800 : 500) : e.Kind == FindingKind.RateOfChange ? 500 : 0;
        var severity = e.Kind == FindingKind.CounterReset ? 100 : Math.Max(least, Math.Min(1000, (int)Math.Round(40 * e.Score)));
        e.Severity = Math.Max(before, (short)severity);
        return e.Severity / 100 > before / 100;
    }
}
