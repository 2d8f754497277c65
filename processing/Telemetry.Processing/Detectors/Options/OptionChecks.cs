using System.Globalization;

namespace Telemetry.Processing.Detectors;

/// <summary>
/// Checks of detector parameters: ML.NET's own, then what ML.NET accepts and then silently cannot do. Messages name the
/// parameter, its value and what to do.
/// </summary>
internal static class OptionChecks
{
    /// <summary>Longest window, so that a series' state stays bounded (16,384 values: 64 to 192 kB).</summary>
    public const int MaxWindow = 16_384;

    /// <summary>Largest seasonality window of SSA: training costs its third power.</summary>
    public const int MaxSeasonality = 512;

    public static void Window(List<string> problems, string name, int value)
    {
        if (value is < 1 or > MaxWindow)
        {
            problems.Add(Text($"{name} is {value}; it must be 1 to {MaxWindow}"));
        }
    }

    public static void Confidence(List<string> problems, double confidence, DetectorRepair repair)
    {
        if (!(confidence is >= 0 and <= 100))
        {
            problems.Add(Text($"Confidence is {confidence}; it is a percentage, 0 to 100"));
        }
        else if (repair != DetectorRepair.Never && PValues.Below(confidence) < PValues.Least)
        {
            problems.Add(Text(
                $"Confidence is {confidence} and can never alert: p-values end at 1e-8. Use 99.99999 or less (ML.NET accepts it and stays silent; Repair = Never does too)"));
        }
    }

    public static void Epsilon(List<string> problems, double epsilon)
    {
        if (!(epsilon is > 0 and < 1))
        {
            problems.Add(Text($"PowerMartingaleEpsilon is {epsilon}; it must lie between 0 and 1, both excluded"));
        }
    }

    public static void Training(List<string> problems, int trainingWindowSize, int seasonalityWindowSize)
    {
        if (seasonalityWindowSize is < 2 or > MaxSeasonality)
        {
            problems.Add(Text($"SeasonalityWindowSize is {seasonalityWindowSize}; it must be 2 to {MaxSeasonality}"));
        }

        if (trainingWindowSize > MaxWindow)
        {
            problems.Add(Text($"TrainingWindowSize is {trainingWindowSize}; it must be at most {MaxWindow}"));
        }

        if (trainingWindowSize <= 2 * (long)seasonalityWindowSize)
        {
            problems.Add(Text(
                $"TrainingWindowSize is {trainingWindowSize}; it must be more than twice SeasonalityWindowSize ({seasonalityWindowSize}), or nothing can be learned"));
        }
    }

    public static void Defined<T>(List<string> problems, string name, T value)
        where T : struct, Enum
    {
        if (!Enum.IsDefined(value))
        {
            problems.Add(Text($"{name} is {value}; it must be one of {string.Join(", ", Enum.GetNames<T>())}"));
        }
    }

    /// <summary>Throws if there are problems, with all of them in one message.</summary>
    public static void Demand(string what, IReadOnlyList<string> problems)
    {
        if (problems.Count > 0)
        {
            throw new ArgumentException($"{what}: {string.Join("; ", problems)}.");
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
