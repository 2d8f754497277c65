using System.Globalization;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Settings of the default set. The defaults are those of docs/detectors.md.</summary>
public sealed record TypedOptions
{
    /// <summary>
    /// False alarms a day that one series may cost, by its own tail; the alarm's -log10 p follows from it and the series' pace. 1e-9 to 1000.
    /// </summary>
    public double FalseAlarmsPerDay { get; init; } = 0.0015;

    /// <summary>Half of what is remembered is forgotten in this time: an undetected fault is not usual the next week. One minute and more.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Calm readings in a row that end a finding, 1 and more.</summary>
    public int CalmReadings { get; init; } = 10;

    /// <summary>A finding ends after this many readings at the latest: what lasts is the new usual. 10 and more.</summary>
    public int ReadingsMax { get; init; } = 500;

    /// <summary>Equal values in a row below which no series is stuck, 2 and more.</summary>
    public int RunLeast { get; init; } = 8;

    /// <summary>What is wrong with these settings, one sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        Range(problems, nameof(FalseAlarmsPerDay), FalseAlarmsPerDay, 1e-9, 1000);
        Range(problems, nameof(HalfLife) + " in seconds", HalfLife.TotalSeconds, 60, 3.2e9);
        Range(problems, nameof(CalmReadings), CalmReadings, 1, 1_000_000);
        Range(problems, nameof(ReadingsMax), ReadingsMax, 10, 10_000_000);
        Range(problems, nameof(RunLeast), RunLeast, 2, 1_000_000);
        return problems;
    }

    private static void Range(List<string> problems, string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            problems.Add(string.Create(CultureInfo.InvariantCulture, $"{name} is {value}; it must be {least} to {most}"));
        }
    }
}
