namespace Telemetry.Processing.Detectors;

/// <summary>The range of p-values.</summary>
internal static class PValues
{
    /// <summary>P-values end here, and at one less this.</summary>
    public const double Least = 1e-8;

    /// <summary>The p-value below which a confidence in percent alerts.</summary>
    public static double Below(double confidence) => 1 - (confidence / 100);
}
