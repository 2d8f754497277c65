namespace Telemetry.Tests.Detectors;

/// <summary>Largest differences between our rows and ML.NET's.</summary>
public sealed class GoldenComparison
{
    private double _scoreSquares;

    public int Rows { get; private set; }

    public int AlertDifferences { get; private set; }

    public int BorderlineAlertDifferences { get; private set; }

    public int NanDifferences { get; private set; }

    public int BitDifferences { get; private set; }

    public double ScoreRelative { get; private set; }

    public double ScoreToInput { get; private set; }

    /// <summary>Scores of ours that are no numbers where ML.NET's are.</summary>
    public int NotFinite { get; private set; }

    /// <summary>Root mean square of our scores.</summary>
    public double ScoreRms => Rows == 0 ? 0 : Math.Sqrt(_scoreSquares / Rows);

    public double PValueRelative { get; private set; }

    public double PValueAbsolute { get; private set; }

    public double MartingaleRelative { get; private set; }

    public double LogMartingale { get; private set; }

    public double InputMax { get; init; }

    public double Threshold { get; init; }

    public bool IsChangePoint { get; init; }

    public void Add(in GoldenRow expected, bool alert, double score, double p, double m)
    {
        Rows++;
        NotFinite += double.IsFinite(expected.Score) && !double.IsFinite(score) ? 1 : 0;
        _scoreSquares += double.IsFinite(score) ? score * score : 0;
        if (expected.Alert != alert)
        {
            AlertDifferences++;
            var near = IsChangePoint
                ? Math.Abs(Math.Log(expected.Martingale) - Math.Log(Threshold)) < 1e-2
                : Math.Abs(expected.PValue - Threshold) < 1e-3;
            BorderlineAlertDifferences += near ? 1 : 0;
        }

        ScoreRelative = Math.Max(ScoreRelative, Relative(expected.Score, score));
        ScoreToInput = Math.Max(ScoreToInput, Absolute(expected.Score, score) / InputMax);
        PValueRelative = Math.Max(PValueRelative, Relative(expected.PValue, p));
        PValueAbsolute = Math.Max(PValueAbsolute, Absolute(expected.PValue, p));
        if (IsChangePoint)
        {
            MartingaleRelative = Math.Max(MartingaleRelative, Relative(expected.Martingale, m));
            LogMartingale = Math.Max(LogMartingale, Absolute(Math.Log(expected.Martingale), Math.Log(m)));
        }

        var same = Same(expected.Score, score) && Same(expected.PValue, p)
            && (!IsChangePoint || Same(expected.Martingale, m));
        BitDifferences += same ? 0 : 1;
        var nan = double.IsNaN(expected.Score) != double.IsNaN(score) || double.IsNaN(expected.PValue) != double.IsNaN(p)
            || (IsChangePoint && double.IsNaN(expected.Martingale) != double.IsNaN(m));
        NanDifferences += nan ? 1 : 0;
    }

    private static bool Same(double a, double b) => a.Equals(b);

    private static double Absolute(double a, double b)
    {
        var d = Math.Abs(a - b);
        return a.Equals(b) || double.IsNaN(d) ? 0 : d;
    }

    private static double Relative(double a, double b)
    {
        var d = Absolute(a, b);
        return d == 0 ? 0 : d / Math.Max(Math.Abs(a), double.Epsilon);
    }
}
