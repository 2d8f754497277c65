namespace Telemetry.Processing.Detectors;

/// <summary>On which side of the window's distribution a spike lies.</summary>
public enum AnomalySide
{
    /// <summary>Only values above the window are spikes.</summary>
    Positive,

    /// <summary>Only values below the window are spikes.</summary>
    Negative,

    /// <summary>
    /// Both. The p-value is the smaller tail, not doubled, as in ML.NET: the false-alarm rate is twice the nominal one.
    /// </summary>
    TwoSided,
}
