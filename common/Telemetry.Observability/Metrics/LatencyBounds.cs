namespace Telemetry.Observability.Metrics;

/// <summary>Buckets of every histogram of ours, so that alerts may ask for any of these bounds.</summary>
public static class LatencyBounds
{
    private static readonly double[] Bounds =
        [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.35, 0.5, 1, 2.5, 5, 10, 30];

    /// <summary>Upper bounds in seconds, 100 microseconds to 30 s; one more bucket lies above the last.</summary>
    public static ReadOnlySpan<double> Seconds => Bounds;

    /// <summary>The bucket that counts a value.</summary>
    public static int IndexOf(double seconds)
    {
        var index = Array.BinarySearch(Bounds, seconds);
        return index >= 0 ? index : ~index;
    }
}
