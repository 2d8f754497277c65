namespace Telemetry.Evaluation.Nab;

/// <summary>What a hit, a false alarm and a miss are worth.</summary>
/// <param name="Name">As in tables.</param>
/// <param name="TruePositive">A window found at its very start.</param>
/// <param name="FalsePositive">Taken away for a false alarm.</param>
/// <param name="FalseNegative">Taken away for a missed window.</param>
public sealed record NabProfile(string Name, double TruePositive, double FalsePositive, double FalseNegative)
{
    /// <summary>NAB's three application profiles.</summary>
    public static IReadOnlyList<NabProfile> All { get; } =
        [new("standard", 1, 0.11, 1), new("reward low FP", 1, 0.22, 1), new("reward low FN", 1, 0.11, 2)];
}
