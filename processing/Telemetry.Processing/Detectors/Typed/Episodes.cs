namespace Telemetry.Processing.Detectors.Typed;

/// <summary>From judgements of single readings to a finding with start, peak and end.</summary>
internal static class Episodes
{
    public static Verdict Follow(
        ref TypedState s, TypedOptions options, in Judgement judgement, double value, double x, long micros, double threshold)
    {
        ref var e = ref s.Episode;
        if (e.Open == 0)
        {
            if (judgement.Score < threshold || judgement.Kind == FindingKind.None)
            {
                return new Verdict(FindingPhase.None, FindingKind.None, judgement.Score);
            }

            Open(ref s, judgement, value, x, micros);
            return new Verdict(FindingPhase.Opened, e.Kind, judgement.Score);
        }

        e.Age++;
        var strange = judgement.Score >= 0.7 * threshold;
        if (strange)
        {
            e.Readings++;
            e.EndMicros = micros;
        }

        e.Calm = strange ? 0 : e.Calm + 1;
        e.ToLevel = s.Level.Fast;
        if (judgement.Score > e.Score)
        {
            e.Score = judgement.Score;
            e.PeakMicros = micros;
            e.PeakValue = x;
        }

        if (e.Calm >= options.CalmReadings || e.Age >= options.ReadingsMax)
        {
            e.Open = 0;
            (s.Level.Up, s.Level.Down) = (0, 0);
            return new Verdict(FindingPhase.Ended, e.Kind, judgement.Score);
        }

        return new Verdict(Grade(ref e) ? FindingPhase.Updated : FindingPhase.None, e.Kind, judgement.Score);
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
            Spreads = e.FromSpread > 0 && double.IsFinite(e.PeakValue) ? (e.PeakValue - e.FromLevel) / e.FromSpread : 0,
            FromLevel = e.FromLevel,
            ToLevel = e.ToLevel,
            RunLength = e.RunLength,
            UsualRunLength = e.UsualRunLength,
            Limit = e.Limit,
            LimitValue = e.LimitValue,
            RatePerSecond = e.RatePerSecond,
        };
    }

    private static void Open(ref TypedState s, in Judgement judgement, double value, double x, long micros)
    {
        ref var e = ref s.Episode;
        e = default;
        e.Open = 1;
        e.Kind = judgement.Kind;
        e.Direction = judgement.Kind is FindingKind.StuckAt or FindingKind.NoiseBurst ? (sbyte)0 : (sbyte)judgement.Direction;
        e.OfRate = s.Shape.Shape == SeriesShape.Counter ? (byte)1 : (byte)0;
        e.StartMicros = judgement.Kind == FindingKind.StuckAt ? s.Run.StartMicros : micros;
        e.PeakMicros = micros;
        e.EndMicros = micros;
        e.Readings = 1;
        e.Score = judgement.Score;
        e.Value = x;
        e.PeakValue = x;
        e.UsualLow = s.Known.Quantile(0.05);
        e.UsualHigh = s.Known.Quantile(0.95);
        e.FromLevel = s.Level.Slow;
        e.FromSpread = Math.Max(s.Level.Spread, Math.Max(1e-9 * Math.Abs(x), 1e-12));
        e.ToLevel = s.Level.Fast;
        e.RunLength = judgement.Kind == FindingKind.StuckAt ? s.Run.Length : 0;
        e.UsualRunLength = (int)s.Tails.Usual[(int)Channel.Run];
        Grade(ref e);
    }

    /// <summary>Severity by score; true when it is in a higher class of a hundred.</summary>
    private static bool Grade(ref EpisodeState e)
    {
        var before = e.Severity;
        e.Severity = Math.Max(before, (short)Math.Min(1000, Math.Round(40 * e.Score)));
        return e.Severity / 100 > before / 100;
    }
}
