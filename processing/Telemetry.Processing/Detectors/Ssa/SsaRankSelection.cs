using System.Buffers;

namespace Telemetry.Processing.Detectors.Ssa;

/// <summary>
/// ML.NET's "Exact" rank: for each number of eigenvectors, a forecast of the last (up to 200) training values fed with its
/// own outputs; the least sum of absolute errors wins, the smaller rank on ties.
/// </summary>
internal static class SsaRankSelection
{
    private const int LeastHorizon = 200;

    /// <summary>Rank, 1 to <paramref name="maxRank"/>. <paramref name="vectors"/>: eigenvectors row by row.</summary>
    public static int Select(
        in SsaTrajectory trajectory, ReadOnlySpan<float> series, ReadOnlySpan<float> vectors, int maxRank)
    {
        var window = trajectory.Window;
        var n = series.Length;
        var rented = ArrayPool<float>.Shared.Rent(n + trajectory.Columns + window + window + LeastHorizon + n);
        var reconstruction = rented.AsSpan(0, n);
        var projection = rented.AsSpan(n, trajectory.Columns);
        var recurrence = rented.AsSpan(n + trajectory.Columns, window - 1);
        var forecast = rented.AsSpan(n + trajectory.Columns + window);
        reconstruction.Clear();
        recurrence.Clear();
        var best = double.MaxValue;
        var bestIndex = maxRank - 1;
        var nu = 0f;
        for (var r = 0; r < maxRank; r++)
        {
            var vector = vectors.Slice(r * window, window);
            var last = vector[window - 1];
            for (var j = 0; j < window - 1; j++)
            {
                recurrence[j] += last * vector[j];
            }

            nu += last * last;
            trajectory.Project(vector, projection);
            trajectory.Hankelize(vector, projection, reconstruction);
            var error = ForecastError(series, reconstruction, recurrence, nu, trajectory.Columns, best, forecast);
            if (error < best)
            {
                (best, bestIndex) = (error, r);
            }
        }

        ArrayPool<float>.Shared.Return(rented);
        return bestIndex + 1;
    }

    private static double ForecastError(
        ReadOnlySpan<float> series,
        ReadOnlySpan<float> reconstruction,
        ReadOnlySpan<float> recurrence,
        float nu,
        int columns,
        double best,
        Span<float> forecast)
    {
        var n = series.Length;
        var lags = recurrence.Length;
        var horizon = Math.Min(Math.Max(lags + 1, LeastHorizon), columns);
        var mean = 0f;
        for (var i = 0; i < n; i++)
        {
            mean += series[i] - reconstruction[i];
        }

        mean /= n;
        reconstruction.Slice(n - horizon - lags, lags).CopyTo(forecast);
        var error = 0.0;
        for (var j = 0; j < horizon; j++)
        {
            var sum = 0f;
            for (var k = 0; k < lags; k++)
            {
                sum += recurrence[k] * forecast[j + k];
            }

            var next = (sum / (1 - nu)) + mean;
            forecast[j + lags] = next;
            error += Math.Abs(series[n - horizon + j] - next);
            if (error > best)
            {
                break;
            }
        }

        return error;
    }
}
