namespace Telemetry.Edge.Diagnostics;

/// <summary>A counter's rate a minute as a moving average over 1, 5 and 15 minutes, as mosquitto and the load average of Unix reckon it.</summary>
internal sealed class LoadAverage
{
    /// <summary>Windows, in minutes.</summary>
    public static ReadOnlySpan<int> Minutes => [1, 5, 15];

    private readonly double[] _averages = new double[Minutes.Length];
    private long _count;

    /// <summary>Takes a new count.</summary>
    /// <param name="count">Total so far.</param>
    /// <param name="elapsed">Since the last one; more than zero.</param>
    public void Add(long count, TimeSpan elapsed)
    {
        var rate = (count - _count) / elapsed.TotalMinutes;
        _count = count;
        for (var i = 0; i < _averages.Length; i++)
        {
            var keep = Math.Exp(-elapsed.TotalMinutes / Minutes[i]);
            _averages[i] = (rate * (1 - keep)) + (_averages[i] * keep);
        }
    }

    /// <summary>Average of the window with this place in <see cref="Minutes"/>, a minute.</summary>
    public double this[int window] => _averages[window];
}
