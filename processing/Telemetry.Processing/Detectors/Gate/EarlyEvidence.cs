namespace Telemetry.Processing.Detectors;

/// <summary>
/// What counts before a series is known: a value so far out that no history is needed to see it. Median and median absolute
/// deviation are used since they stand a window half of which is another state of the machine (Hampel: The Influence Curve
/// and its Role in Robust Estimation, JASA 1974). A series whose last values hardly differ has no scale yet: silence.
/// </summary>
internal static class EarlyEvidence
{
    /// <summary>Median absolute deviation of a normal distribution to its standard deviation.</summary>
    private const double NormalScale = 1.4826;

    public static int Bytes(int readings) => readings * sizeof(double);

    /// <summary>Judges a finite value against those before it.</summary>
    public static bool IsOverwhelming(
        in AlertGateState s, ReadOnlySpan<double> window, double value, AlertGateOptions options)
    {
        if (s.Seen < window.Length)
        {
            return false;
        }

        var strictness = Strictness(s.Seen, options);
        var range = s.High - s.Low;
        var beyond = Math.Max(value - s.High, s.Low - value);
        if (!(range > 0 && beyond > options.EarlyBeyondRange * strictness * range))
        {
            return false;
        }

        Span<double> sorted = stackalloc double[window.Length];
        window.CopyTo(sorted);
        var median = Median(sorted);
        foreach (ref var x in sorted)
        {
            x = Math.Abs(x - median);
        }

        var scale = NormalScale * Median(sorted);
        return scale > 0 && Math.Abs(value - median) > options.EarlyDistance * strictness * scale;
    }

    /// <summary>Takes a finite value into the history.</summary>
    public static void Take(ref AlertGateState s, Span<double> window, double value)
    {
        s.Low = s.Seen == 0 ? value : Math.Min(s.Low, value);
        s.High = s.Seen == 0 ? value : Math.Max(s.High, value);
        window[s.Seen % window.Length] = value;
    }

    /// <summary>1 at first, a half when the warm-up is over, in equal ratios between.</summary>
    private static double Strictness(int seen, AlertGateOptions options)
    {
        var span = Math.Max(1, options.WarmUpReadings - options.EarlyReadings);
        return Math.Pow(2, -Math.Clamp((double)(seen - options.EarlyReadings) / span, 0, 1));
    }

    private static double Median(Span<double> values)
    {
        values.Sort();
        var half = values.Length / 2;
        return values.Length % 2 == 1 ? values[half] : (values[half - 1] / 2) + (values[half] / 2);
    }
}
