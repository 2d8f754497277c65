using System.Globalization;

namespace Telemetry.Processing.Detectors;

/// <summary>
/// When an alert is worth an incident. The excursion of a value is the distance of a fast mean from a slow mean of the
/// series; an incident opens on an alert whose excursion is larger than the series' usual largest one by a margin.
/// </summary>
public sealed record AlertGateOptions
{
    /// <summary>Fast mean over about so many readings, 1 to 100,000; 1 is the value itself.</summary>
    public int FastReadings { get; init; } = 1;

    /// <summary>Slow mean over about so many readings, more than the fast one's.</summary>
    public int SlowReadings { get; init; } = 50;

    /// <summary>Readings of a series to learn from before its first incident, 1 and more.</summary>
    public int WarmUpReadings { get; init; } = 200;

    /// <summary>
    /// Readings after which an overwhelming value opens an incident before the warm-up is over, 8 to 256; 0: none does.
    /// They are kept in the state.
    /// </summary>
    public int EarlyReadings { get; init; }

    /// <summary>
    /// How far a value must be from the median of the <see cref="EarlyReadings"/> before it, in robust standard deviations
    /// of theirs, to be overwhelming; falls to half of it, in equal ratios, until the warm-up is over. 1 and more.
    /// </summary>
    public double EarlyDistance { get; init; } = 10;

    /// <summary>How far it must also be beyond all values so far, as a multiple of their range; falls likewise. 0 and more.</summary>
    public double EarlyBeyondRange { get; init; } = 1.5;

    /// <summary>
    /// Readings an alert is remembered for, 0 and more: the mean of a change point moves only after the alert.
    /// </summary>
    public int RememberReadings { get; init; }

    /// <summary>How many times the usual largest excursion opens an incident, 1 and more.</summary>
    public double Margin { get; init; } = 1.5;

    /// <summary>Share of the opening excursion below which an incident calms down, 0 to 1.</summary>
    public double Release { get; init; } = 0.5;

    /// <summary>Calm readings in a row that end an incident, 1 and more.</summary>
    public int HoldReadings { get; init; } = 10;

    /// <summary>An incident ends after this long at the latest: what lasts has become the new usual.</summary>
    public TimeSpan MaxDuration { get; init; } = TimeSpan.FromHours(6);

    /// <summary>Half of the largest excursion is forgotten in this event time.</summary>
    public TimeSpan HalfLife { get; init; } = TimeSpan.FromDays(7);

    /// <summary>How far an incident's peak becomes usual, 0 (never) to 1 (at once): what repeats falls silent.</summary>
    public double Habituation { get; init; } = 0.5;

    /// <summary>What is wrong with these parameters, one sentence each; empty when they can be used.</summary>
    public IReadOnlyList<string> Validate()
    {
        var problems = new List<string>();
        Range(problems, nameof(FastReadings), FastReadings, 1, 100_000);
        Range(problems, nameof(SlowReadings), SlowReadings, FastReadings + 1.0, 1_000_000);
        Range(problems, nameof(WarmUpReadings), WarmUpReadings, 1, int.MaxValue);
        Range(problems, nameof(EarlyReadings), EarlyReadings, EarlyReadings == 0 ? 0 : 8, 256);
        Range(problems, nameof(EarlyDistance), EarlyDistance, 1, 1e6);
        Range(problems, nameof(EarlyBeyondRange), EarlyBeyondRange, 0, 1e6);
        Range(problems, nameof(RememberReadings), RememberReadings, 0, 100_000);
        Range(problems, nameof(Margin), Margin, 1, 1e6);
        Range(problems, nameof(Release), Release, 0, 1);
        Range(problems, nameof(HoldReadings), HoldReadings, 1, int.MaxValue);
        Range(problems, nameof(MaxDuration) + " in seconds", MaxDuration.TotalSeconds, 1, 3.2e9);
        Range(problems, nameof(HalfLife) + " in seconds", HalfLife.TotalSeconds, 1, 3.2e9);
        Range(problems, nameof(Habituation), Habituation, 0, 1);
        return problems;
    }

    private static void Range(List<string> problems, string name, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            problems.Add(string.Create(
                CultureInfo.InvariantCulture, $"{name} is {value}; it must be {least} to {most}"));
        }
    }
}
