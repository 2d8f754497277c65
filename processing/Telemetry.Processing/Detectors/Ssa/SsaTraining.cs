using System.Buffers;

namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// Fits a model to a training series, once. Costs about 9 L^3 (eigenvectors) + L n (L + 200) operations and, while it
/// runs, some 16 L^2 + 16 n bytes of pooled memory.
/// </summary>
internal static class SsaTraining
{
    /// <summary>Eigenvectors row by row for <paramref name="series"/>; <paramref name="window"/> may come out smaller.</summary>
    /// <param name="series">Training values, finite, more than twice the window.</param>
    /// <param name="window">Window length; one less for every vector that is only its last component.</param>
    /// <param name="vectors">Room for L x L values; the first rank rows are the model's.</param>
    /// <param name="overflow">True when the covariance is not finite, where ML.NET throws.</param>
    /// <returns>The rank.</returns>
    public static int Fit(ReadOnlySpan<float> series, ref int window, Span<float> vectors, out bool overflow)
    {
        overflow = false;
        while (true)
        {
            var trajectory = new SsaTrajectory(series, window);
            if (!Eigenvectors(trajectory, vectors, out overflow))
            {
                return Naive(window, vectors);
            }

            if (!HasLoneLastComponent(vectors, window))
            {
                return SsaRankSelection.Select(trajectory, series, vectors, SsaLayout.MaxRank(window));
            }

            if (window == 2)
            {
                return Naive(window, vectors);
            }

            window--;
        }
    }

    private static int Naive(int window, Span<float> vectors)
    {
        vectors[..window].Fill((float)(1 / Math.Sqrt(window)));
        return 1;
    }

    private static bool HasLoneLastComponent(ReadOnlySpan<float> vectors, int window)
    {
        for (var r = 0; r < window; r++)
        {
            var last = vectors[(r * window) + window - 1];
            if (last * last == 1)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Rounded to f32 and sorted by eigenvalue, largest first.</summary>
    private static bool Eigenvectors(in SsaTrajectory trajectory, Span<float> vectors, out bool overflow)
    {
        var n = trajectory.Window;
        var matrix = ArrayPool<double>.Shared.Rent((n * n) + (2 * n));
        var order = ArrayPool<int>.Shared.Rent(n);
        var a = matrix.AsSpan(0, n * n);
        var values = matrix.AsSpan(n * n, n);
        overflow = !trajectory.Covariance(a);
        var solved = !overflow && SymmetricEigen.Decompose(a, n, values, matrix.AsSpan((n * n) + n, n));
        if (solved)
        {
            for (var i = 0; i < n; i++)
            {
                order[i] = i;
                values[i] = -(float)values[i];
            }

            values.Sort(order.AsSpan(0, n));
            for (var r = 0; r < n; r++)
            {
                for (var j = 0; j < n; j++)
                {
                    vectors[(r * n) + j] = (float)a[(j * n) + order[r]];
                }
            }
        }

        ArrayPool<int>.Shared.Return(order);
        ArrayPool<double>.Shared.Return(matrix);
        return solved;
    }
}
