using System.Globalization;

namespace Telemetry.Benchmarks;

/// <summary>Percentiles of measured values, each of which is one that was measured: the nearest rank, rounded down.</summary>
internal sealed class Percentiles
{
    private readonly double[] _sorted;

    public Percentiles(IEnumerable<double> values)
    {
        _sorted = [.. values];
        Array.Sort(_sorted);
    }

    /// <summary>The value at or below which so many percent of the others are, as tables show it; "-" when there are none.</summary>
    public string Format(int percent) => _sorted.Length == 0
        ? "-"
        : _sorted[(int)((_sorted.Length - 1L) * percent / 100)].ToString("0.0", CultureInfo.InvariantCulture);
}
