namespace Telemetry.Evaluation.Events;

/// <summary>Faults of one kind (and magnitude, sensor or day) and how many of them were found.</summary>
public sealed class Tally
{
    private readonly List<double> _delaysSeconds = [];
    private readonly List<double> _delaysReadings = [];

    /// <summary>Faults that were there.</summary>
    public int Faults { get; private set; }

    /// <summary>Faults with an alarm.</summary>
    public int Found { get; private set; }

    /// <summary>Share found, 0 to 1; NaN without faults.</summary>
    public double Recall => Faults == 0 ? double.NaN : (double)Found / Faults;

    /// <summary>Median time from the fault's first reading to the alarm, seconds; NaN if none was found.</summary>
    public double MedianDelaySeconds => Median(_delaysSeconds);

    /// <summary>The same in readings of the series.</summary>
    public double MedianDelayReadings => Median(_delaysReadings);

    internal void Missed() => Faults++;

    internal void Hit(double delaySeconds, double intervalSeconds)
    {
        Faults++;
        Found++;
        _delaysSeconds.Add(delaySeconds);
        _delaysReadings.Add(intervalSeconds > 0 ? delaySeconds / intervalSeconds : 0);
    }

    private static double Median(List<double> values)
    {
        if (values.Count == 0)
        {
            return double.NaN;
        }

        var sorted = values.Order().ToArray();
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
