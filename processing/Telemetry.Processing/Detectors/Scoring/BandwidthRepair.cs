using Telemetry.Processing.Detectors.Kernels;

namespace Telemetry.Processing.Detectors.Scoring;

/// <summary>
/// The bandwidth of a window when ML.NET's running sum of squared differences can no longer give it. The running sum itself
/// goes on as ML.NET's does, so that both agree again as soon as ML.NET is right again.
/// </summary>
internal static class BandwidthRepair
{
    /// <summary>
    /// The sum has lost this much against its largest value: differences are taken out in f32 (2^-24), so what is left may
    /// be rounding. Above it the sum is good to 2^-10 and the bandwidth to 2^-11.
    /// </summary>
    private const double Suspicious = 1.0 / (1 << 13);

    /// <summary>Least bandwidth of a window relative to its largest value: a quarter of f32's own grain.</summary>
    private const double RelativeFloor = 1.0 / (1 << 26);

    /// <summary>Replaces the bandwidth where it is dead (always) or wrong (if asked for). True when it did.</summary>
    public static bool Apply(
        ref ScorerHeader header, ReadOnlySpan<float> window, DetectorRepair repair, ref double bandwidth)
    {
        var sum = header.SumSquares;
        if (!(sum >= 0 && sum < double.PositiveInfinity))
        {
            var exact = ExactSumSquares(window);
            bandwidth = Math.Max(KernelDensity.Bandwidth(exact, window.Length), KernelDensity.BandwidthFloor);
            if (!double.IsFinite(sum))
            {
                header.SumSquares = exact;
                header.Departed = 1;
            }

            if (repair == DetectorRepair.WhenWrong)
            {
                bandwidth = OwnBandwidth(exact, window);
            }

            return true;
        }

        if (repair != DetectorRepair.WhenWrong || window.Length == 1)
        {
            return false;
        }

        header.Peak = Math.Max(header.Peak, sum);
        var floored = bandwidth == KernelDensity.BandwidthFloor && header.Peak > 0;
        if (!floored && sum >= header.Peak * Suspicious)
        {
            return false;
        }

        var own = OwnBandwidth(ExactSumSquares(window), window);
        if (bandwidth <= 2 * own && own <= 2 * bandwidth)
        {
            return false;
        }

        bandwidth = own;
        return true;
    }

    /// <summary>Sum of squared pairwise differences = n times the sum of squared deviations from the mean.</summary>
    public static double ExactSumSquares(ReadOnlySpan<float> window)
    {
        var mean = 0.0;
        foreach (var value in window)
        {
            mean += value;
        }

        mean /= window.Length;
        var sum = 0.0;
        foreach (var value in window)
        {
            var d = value - mean;
            sum += d * d;
        }

        return sum * window.Length;
    }

    /// <summary>
    /// The window's own bandwidth. Its floor is ML.NET's 1e-6 for values of about 1 and more, and shrinks with smaller ones.
    /// </summary>
    private static double OwnBandwidth(double exact, ReadOnlySpan<float> window)
    {
        var largest = 0f;
        foreach (var value in window)
        {
            largest = Math.Max(largest, Math.Abs(value));
        }

        var floor = KernelDensity.BandwidthFloor * Math.Min(1.0, largest);
        floor = Math.Max(floor, Math.Max(largest * RelativeFloor, 1e-300));
        return Math.Max(KernelDensity.Bandwidth(exact, window.Length), floor);
    }
}
