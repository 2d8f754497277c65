using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Telemetry.Processing.Detectors.Kernels;

/// <summary>
/// The error function by Abramowitz and Stegun 7.1.26 (absolute error 1.5e-7), in the order of operations ML.NET uses, for
/// one, four or eight values with the same bits. erf(0) is 1e-9, not 0: the series is cut there.
/// </summary>
internal static class ErfKernel
{
    private const double P = 0.3275911;
    private const double A1 = 0.254829592;
    private const double A2 = -0.284496736;
    private const double A3 = 1.421413741;
    private const double A4 = -1.453152027;
    private const double A5 = 1.061405429;

    /// <summary>Below this, exp(-x^2) no longer changes 1 - q * exp(-x^2), and exp stays in its fast range.</summary>
    private const double LeastExponent = -200;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double Scalar(double x)
    {
        var t = 1 / (1 + (P * Math.Abs(x)));
        var q = ((((((((A5 * t) + A4) * t) + A3) * t) + A2) * t) + A1) * t;
        var exponent = -(x * x);
        exponent = exponent < LeastExponent ? LeastExponent : exponent;
        var e = 1 - (q * ExpKernel.InRange(exponent));
        return x >= 0 ? e : -e;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> Four(Vector256<double> x)
    {
        var one = Vector256<double>.One;
        var t = one / (one + (Vector256.Create(P) * Vector256.Abs(x)));
        var q = ((Vector256.Create(A5) * t) + Vector256.Create(A4)) * t;
        q = (q + Vector256.Create(A3)) * t;
        q = (q + Vector256.Create(A2)) * t;
        q = (q + Vector256.Create(A1)) * t;
        var exponent = -(x * x);
        var least = Vector256.Create(LeastExponent);
        exponent = Vector256.ConditionalSelect(Vector256.LessThan(exponent, least), least, exponent);
        var e = one - (q * ExpKernel.InRange(exponent));
        return Vector256.ConditionalSelect(Vector256.GreaterThanOrEqual(x, Vector256<double>.Zero), e, -e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> Eight(Vector512<double> x)
    {
        var one = Vector512<double>.One;
        var t = one / (one + (Vector512.Create(P) * Vector512.Abs(x)));
        var q = ((Vector512.Create(A5) * t) + Vector512.Create(A4)) * t;
        q = (q + Vector512.Create(A3)) * t;
        q = (q + Vector512.Create(A2)) * t;
        q = (q + Vector512.Create(A1)) * t;
        var exponent = -(x * x);
        var least = Vector512.Create(LeastExponent);
        exponent = Vector512.ConditionalSelect(Vector512.LessThan(exponent, least), least, exponent);
        var e = one - (q * ExpKernel.InRange(exponent));
        return Vector512.ConditionalSelect(Vector512.GreaterThanOrEqual(x, Vector512<double>.Zero), e, -e);
    }
}
