using System.Runtime.Intrinsics;

namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// Matrix times vector in f32, in the order of ML.NET's AVX and FMA kernels: eight lanes of fused multiply-adds along a row,
/// and groups of four rows along the columns. The same bits with and without vector hardware.
/// </summary>
internal static class SsaKernels
{
    private const int Lanes = 8;

    /// <summary>y = W z.</summary>
    public static void Multiply(
        ReadOnlySpan<float> rows, int stride, int rank, ReadOnlySpan<float> z, Span<float> y, bool vectors)
    {
        for (var r = 0; r < rank; r++)
        {
            y[r] = vectors
                ? DotVector(rows.Slice(r * stride, stride), z)
                : DotScalar(rows.Slice(r * stride, stride), z);
        }
    }

    /// <summary>result = W' y. Rows beyond the rank, up to a multiple of four, are zeros and so is y there.</summary>
    public static void MultiplyTransposed(
        ReadOnlySpan<float> rows, int stride, int rank, ReadOnlySpan<float> y, Span<float> result, bool vectors)
    {
        for (var r = 0; r < rank; r += 4)
        {
            var a = rows.Slice(r * stride, stride);
            var b = rows.Slice((r + 1) * stride, stride);
            var c = rows.Slice((r + 2) * stride, stride);
            var d = rows.Slice((r + 3) * stride, stride);
            if (vectors)
            {
                GroupVector(a, b, c, d, y.Slice(r, 4), result, r == 0);
            }
            else
            {
                GroupScalar(a, b, c, d, y.Slice(r, 4), result, r == 0);
            }
        }
    }

    private static float DotVector(ReadOnlySpan<float> row, ReadOnlySpan<float> z)
    {
        var acc = Vector256<float>.Zero;
        for (var k = 0; k < row.Length; k += Lanes)
        {
            acc = Vector256.FusedMultiplyAdd(Vector256.Create(row[k..]), Vector256.Create(z[k..]), acc);
        }

        return ((acc.GetElement(0) + acc.GetElement(1)) + (acc.GetElement(2) + acc.GetElement(3)))
            + ((acc.GetElement(4) + acc.GetElement(5)) + (acc.GetElement(6) + acc.GetElement(7)));
    }

    private static float DotScalar(ReadOnlySpan<float> row, ReadOnlySpan<float> z)
    {
        Span<float> acc = stackalloc float[Lanes];
        for (var k = 0; k < row.Length; k++)
        {
            acc[k % Lanes] = MathF.FusedMultiplyAdd(row[k], z[k], acc[k % Lanes]);
        }

        return ((acc[0] + acc[1]) + (acc[2] + acc[3])) + ((acc[4] + acc[5]) + (acc[6] + acc[7]));
    }

    private static void GroupVector(
        ReadOnlySpan<float> a,
        ReadOnlySpan<float> b,
        ReadOnlySpan<float> c,
        ReadOnlySpan<float> d,
        ReadOnlySpan<float> y,
        Span<float> result,
        bool first)
    {
        var (ya, yb) = (Vector256.Create(y[0]), Vector256.Create(y[1]));
        var (yc, yd) = (Vector256.Create(y[2]), Vector256.Create(y[3]));
        for (var k = 0; k < a.Length; k += Lanes)
        {
            var ab = Vector256.FusedMultiplyAdd(yb, Vector256.Create(b[k..]), ya * Vector256.Create(a[k..]));
            var cd = Vector256.FusedMultiplyAdd(yd, Vector256.Create(d[k..]), yc * Vector256.Create(c[k..]));
            var group = ab + cd;
            var into = result[k..];
            (first ? group : group + Vector256.Create<float>(into)).CopyTo(into);
        }
    }

    private static void GroupScalar(
        ReadOnlySpan<float> a,
        ReadOnlySpan<float> b,
        ReadOnlySpan<float> c,
        ReadOnlySpan<float> d,
        ReadOnlySpan<float> y,
        Span<float> result,
        bool first)
    {
        for (var k = 0; k < a.Length; k++)
        {
            var ab = MathF.FusedMultiplyAdd(y[1], b[k], y[0] * a[k]);
            var cd = MathF.FusedMultiplyAdd(y[3], d[k], y[2] * c[k]);
            var group = ab + cd;
            result[k] = first ? group : group + result[k];
        }
    }
}
