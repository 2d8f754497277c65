using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Telemetry.Processing.Detectors.Kernels;

/// <summary>
/// Gaussian kernel density over a window of scores: the tail probability of the next score and the running sum of squared
/// pairwise differences. Terms are computed side by side, sums are taken one after the other from the oldest on, as ML.NET
/// does, because small p-values keep the rounding of every addition.
/// </summary>
internal static class KernelDensity
{
    /// <summary>The window is read in blocks of eight: its span must be a multiple of eight long, whatever its count.</summary>
    public const int Block = 8;

    /// <summary>Least bandwidth of ML.NET, absolute.</summary>
    public const double BandwidthFloor = 1e-6;

    private static readonly double Sqrt2 = Math.Sqrt(2);

    public static int PaddedLength(int window) => (window + Block - 1) / Block * Block;

    /// <summary>ML.NET's bandwidth from the sum of squared pairwise differences of n scores, before its floor.</summary>
    public static double Bandwidth(double sumSquares, int n) => Sqrt2 * (n == 1 ? 1 : Math.Sqrt(sumSquares) / n);

    /// <summary>
    /// Probability of a value above <paramref name="score"/>, and adds the score's squared distances to the sum.
    /// </summary>
    public static double UpperTail(
        ReadOnlySpan<float> window, int n, float score, double bandwidth, ref double sumSquares, SimdWidth width)
    {
        Span<double> block = stackalloc double[2 * Block];
        var erf = block[..Block];
        var squares = block[Block..];
        double s = score;
        var acc = 0.0;
        var sum = sumSquares;
        for (var i = 0; i < n; i += Block)
        {
            Terms(window.Slice(i, Block), s, bandwidth, erf, squares, width);
            if (n - i >= Block)
            {
                acc = acc - erf[0] - erf[1] - erf[2] - erf[3] - erf[4] - erf[5] - erf[6] - erf[7];
                sum = sum + squares[0] + squares[1] + squares[2] + squares[3]
                    + squares[4] + squares[5] + squares[6] + squares[7];
            }
            else
            {
                for (var j = 0; j < n - i; j++)
                {
                    acc -= erf[j];
                    sum += squares[j];
                }
            }
        }

        sumSquares = sum;
        return 0.5 + (acc / (2 * n));
    }

    /// <summary>
    /// Takes the oldest score's squared distances out of the sum: to its neighbours by f32 differences, to the new score by
    /// an f64 one. The difference in precision is ML.NET's.
    /// </summary>
    public static double WithoutOldest(ReadOnlySpan<float> window, int n, float score, double sumSquares, SimdWidth width)
    {
        Span<double> squares = stackalloc double[Block];
        var oldest = window[0];
        var sum = sumSquares;
        for (var i = 0; i < n; i += Block)
        {
            // The oldest score's distance to itself is 0 and changes no bit.
            OldestTerms(window.Slice(i, Block), oldest, squares, width);
            if (n - i >= Block)
            {
                sum = sum - squares[0] - squares[1] - squares[2] - squares[3]
                    - squares[4] - squares[5] - squares[6] - squares[7];
            }
            else
            {
                for (var j = 0; j < n - i; j++)
                {
                    sum -= squares[j];
                }
            }
        }

        var d = oldest - (double)score;
        return sum - (d * d);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Terms(
        ReadOnlySpan<float> window, double s, double bandwidth, Span<double> erf, Span<double> squares, SimdWidth width)
    {
        if (width == SimdWidth.Eight)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(window));
            var d = Vector512.Create(s) - Vector512.Create(low, high);
            (d * d).CopyTo(squares);
            ErfKernel.Eight(d / Vector512.Create(bandwidth)).CopyTo(erf);
        }
        else if (width == SimdWidth.Four)
        {
            var (low, high) = Vector256.Widen(Vector256.Create(window));
            var (d0, d1) = (Vector256.Create(s) - low, Vector256.Create(s) - high);
            (d0 * d0).CopyTo(squares);
            (d1 * d1).CopyTo(squares[4..]);
            ErfKernel.Four(d0 / Vector256.Create(bandwidth)).CopyTo(erf);
            ErfKernel.Four(d1 / Vector256.Create(bandwidth)).CopyTo(erf[4..]);
        }
        else
        {
            for (var j = 0; j < Block; j++)
            {
                var d = s - window[j];
                squares[j] = d * d;
                erf[j] = ErfKernel.Scalar(d / bandwidth);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void OldestTerms(ReadOnlySpan<float> window, float oldest, Span<double> squares, SimdWidth width)
    {
        if (width == SimdWidth.One)
        {
            for (var j = 0; j < Block; j++)
            {
                double d = oldest - window[j];
                squares[j] = d * d;
            }

            return;
        }

        var (low, high) = Vector256.Widen(Vector256.Create(oldest) - Vector256.Create(window));
        if (width == SimdWidth.Eight)
        {
            var d = Vector512.Create(low, high);
            (d * d).CopyTo(squares);
        }
        else
        {
            (low * low).CopyTo(squares);
            (high * high).CopyTo(squares[4..]);
        }
    }
}
