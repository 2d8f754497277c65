namespace Telemetry.Processing.Settings;

/// <summary>A document that is not one of detector settings.</summary>
public sealed class DetectorSettingsException(IReadOnlyList<string> problems)
    : FormatException("The detector settings cannot be used. " + string.Join(" ", problems))
{
    /// <summary>Each problem, with its place.</summary>
    public IReadOnlyList<string> Problems { get; } = problems;
}
