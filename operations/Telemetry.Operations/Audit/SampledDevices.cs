namespace Telemetry.Operations.Audit;

/// <summary>A random sample of the devices, and what it says of all of them.</summary>
/// <param name="Share">Probability with which each device was drawn.</param>
/// <param name="Devices">Devices drawn.</param>
/// <param name="AllDevices">Devices that the store knows.</param>
public sealed record SampledDevices(double Share, long Devices, long AllDevices)
{
    private const double Confidence = 0.95;

    /// <summary>
    /// When no device of the sample has a difference: with 95 % confidence a smaller share of all devices than this has one. From
    /// (1 - share)^n = 0.05 for a sample of n; 0 when all were drawn, 1 when none was.
    /// </summary>
    public double AffectedBelow => Devices >= AllDevices ? 0 : Devices == 0 ? 1 : 1 - Math.Pow(1 - Confidence, 1.0 / Devices);

    /// <summary>What a count of the sample means for all devices: each was drawn with the same probability, so on average this is right.</summary>
    public long OfAll(long count) => (long)Math.Round(count / Share);
}
