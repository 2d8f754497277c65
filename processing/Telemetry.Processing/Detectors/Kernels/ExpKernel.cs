using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Telemetry.Processing.Detectors.Kernels;

/// <summary>
/// exp in f64 with one sequence of operations for one, four or eight values at once, so that the bits do not depend on the
/// width of the machine's vectors. Table of 128 powers of two and a polynomial of degree five with fused multiply-adds
/// (Szabolcs Nagy's method, ARM optimized routines; error below 0.511 ulp), which is also what glibc's exp computes.
/// </summary>
internal static class ExpKernel
{
    private const double InvLn2N = 184.6649652337873;
    private const double NegLn2Hi = -0.005415212348111709;
    private const double NegLn2Lo = -1.2864023111638344e-14;
    private const double Shift = 6755399441055744.0;
    private const double C2 = 0.49999999999996786;
    private const double C3 = 0.16666666666665886;
    private const double C4 = 0.0416666808410674;
    private const double C5 = 0.008333335853059549;
    private const int IndexMask = (1 << ExpTable.Bits) - 1;
    private const int ScaleShift = 52 - ExpTable.Bits;

    /// <summary>Where the fast path holds: no overflow, no subnormal.</summary>
    private const double Limit = 512;

    /// <summary>exp(x) for any x.</summary>
    public static double Scalar(double x) => Math.Abs(x) < Limit ? InRange(x) : Math.Exp(x);

    /// <summary>exp(x) for |x| below 512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static double InRange(double x)
    {
        var kd = Math.FusedMultiplyAdd(x, InvLn2N, Shift);
        var ki = BitConverter.DoubleToInt64Bits(kd);
        kd -= Shift;
        var r = Math.FusedMultiplyAdd(kd, NegLn2Lo, Math.FusedMultiplyAdd(kd, NegLn2Hi, x));
        ref var entry = ref Entry(ki);
        var scale = BitConverter.Int64BitsToDouble((long)Unsafe.Add(ref entry, 1) + (ki << ScaleShift));
        var r2 = r * r;
        var tmp = BitConverter.UInt64BitsToDouble(entry) + r;
        tmp = Math.FusedMultiplyAdd(r2, Math.FusedMultiplyAdd(r, C3, C2), tmp);
        tmp = Math.FusedMultiplyAdd(r2 * r2, Math.FusedMultiplyAdd(r, C5, C4), tmp);
        return Math.FusedMultiplyAdd(scale, tmp, scale);
    }

    /// <summary>exp of four values, each below 512 in magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<double> InRange(Vector256<double> x)
    {
        var shift = Vector256.Create(Shift);
        var kd = Vector256.FusedMultiplyAdd(x, Vector256.Create(InvLn2N), shift);
        var ki = kd.AsInt64();
        kd -= shift;
        var r = Vector256.FusedMultiplyAdd(
            kd,
            Vector256.Create(NegLn2Lo),
            Vector256.FusedMultiplyAdd(kd, Vector256.Create(NegLn2Hi), x));
        ref var e0 = ref Entry(ki.GetElement(0));
        ref var e1 = ref Entry(ki.GetElement(1));
        ref var e2 = ref Entry(ki.GetElement(2));
        ref var e3 = ref Entry(ki.GetElement(3));
        var tail = Vector256.Create(e0, e1, e2, e3).AsDouble();
        var power = Vector256.Create(
            Unsafe.Add(ref e0, 1),
            Unsafe.Add(ref e1, 1),
            Unsafe.Add(ref e2, 1),
            Unsafe.Add(ref e3, 1)).AsInt64();
        var scale = (power + (ki << ScaleShift)).AsDouble();
        var r2 = r * r;
        var c23 = Vector256.FusedMultiplyAdd(r, Vector256.Create(C3), Vector256.Create(C2));
        var c45 = Vector256.FusedMultiplyAdd(r, Vector256.Create(C5), Vector256.Create(C4));
        var tmp = Vector256.FusedMultiplyAdd(r2, c23, tail + r);
        tmp = Vector256.FusedMultiplyAdd(r2 * r2, c45, tmp);
        return Vector256.FusedMultiplyAdd(scale, tmp, scale);
    }

    /// <summary>exp of eight values, each below 512 in magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<double> InRange(Vector512<double> x)
    {
        var shift = Vector512.Create(Shift);
        var kd = Vector512.FusedMultiplyAdd(x, Vector512.Create(InvLn2N), shift);
        var ki = kd.AsInt64();
        kd -= shift;
        var r = Vector512.FusedMultiplyAdd(
            kd,
            Vector512.Create(NegLn2Lo),
            Vector512.FusedMultiplyAdd(kd, Vector512.Create(NegLn2Hi), x));
        var low = ki.GetLower();
        var high = ki.GetUpper();
        ref var e0 = ref Entry(low.GetElement(0));
        ref var e1 = ref Entry(low.GetElement(1));
        ref var e2 = ref Entry(low.GetElement(2));
        ref var e3 = ref Entry(low.GetElement(3));
        ref var e4 = ref Entry(high.GetElement(0));
        ref var e5 = ref Entry(high.GetElement(1));
        ref var e6 = ref Entry(high.GetElement(2));
        ref var e7 = ref Entry(high.GetElement(3));
        var tail = Vector512.Create(e0, e1, e2, e3, e4, e5, e6, e7).AsDouble();
        var power = Vector512.Create(
            Unsafe.Add(ref e0, 1),
            Unsafe.Add(ref e1, 1),
            Unsafe.Add(ref e2, 1),
            Unsafe.Add(ref e3, 1),
            Unsafe.Add(ref e4, 1),
            Unsafe.Add(ref e5, 1),
            Unsafe.Add(ref e6, 1),
            Unsafe.Add(ref e7, 1)).AsInt64();
        var scale = (power + (ki << ScaleShift)).AsDouble();
        var r2 = r * r;
        var c23 = Vector512.FusedMultiplyAdd(r, Vector512.Create(C3), Vector512.Create(C2));
        var c45 = Vector512.FusedMultiplyAdd(r, Vector512.Create(C5), Vector512.Create(C4));
        var tmp = Vector512.FusedMultiplyAdd(r2, c23, tail + r);
        tmp = Vector512.FusedMultiplyAdd(r2 * r2, c45, tmp);
        return Vector512.FusedMultiplyAdd(scale, tmp, scale);
    }

    /// <summary>The pair of the table that the low bits of <paramref name="k"/> name; in bounds for any bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref ulong Entry(long k) =>
        ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(ExpTable.Values), (nint)(k & IndexMask) * 2);
}
