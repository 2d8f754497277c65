namespace Telemetry.Processing.Detectors;

/// <summary>When a detector may leave ML.NET's arithmetic. Every result says which one ran.</summary>
public enum DetectorRepair
{
    /// <summary>Never: ML.NET's numbers to the bit, its NaNs included. A dead detector stays dead.</summary>
    Never,

    /// <summary>
    /// Where ML.NET's own result would be NaN for a value that is not, or from then on: bit for bit ML.NET until then.
    /// </summary>
    WhenDead,

    /// <summary>
    /// As <see cref="WhenDead"/>, and also where ML.NET's bandwidth is off by more than a factor of two from the window's
    /// own: its running sum keeps the rounding of an outlier long gone, or the absolute floor of 1e-6 hides small data.
    /// </summary>
    WhenWrong,
}
