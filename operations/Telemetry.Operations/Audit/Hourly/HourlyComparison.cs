using Telemetry.Contracts.Measurement;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>
/// Compares one hour while the platform goes on. The store is asked after the log was read to the checkpoint, and before it is read to its
/// end: what the log had first must be stored, and what is stored must be on the log in the end. Where nothing came in between, both say
/// the same, and the comparison is exact to the reading. Pure.
/// </summary>
internal static class HourlyComparison
{
    /// <summary>The order of additions moves a sum by no more than this share of its magnitude.</summary>
    private const double Rounding = 1e-9;

    /// <param name="hour">Number of the hour.</param>
    /// <param name="least">The log up to the checkpoint.</param>
    /// <param name="most">The log up to its end, read after the store was asked.</param>
    /// <param name="stored">The store.</param>
    /// <param name="explained">Readings of the hour that dead letters hold.</param>
    /// <param name="knowsAll">True: every reading of the hour that was ever on the log was read, so more rows than these are an excess.</param>
    /// <returns>The difference; null when there is none.</returns>
    public static HourDifference? Compare(long hour, HourFigures least, HourFigures most, StoredHour stored, long explained, bool knowsAll)
    {
        var missing = Math.Max(0, least.Readings - explained - Math.Min(stored.Raw, stored.RolledUp));
        var excess = knowsAll ? Math.Max(0, Math.Max(stored.Raw, stored.RolledUp) - most.Readings) : 0;
        var valuesDiffer = least.Readings == most.Readings && most.Readings == stored.Raw
            && !(Math.Abs(stored.Sum - most.Sum) <= Rounding * most.Magnitude);
        return missing == 0 && excess == 0 && !valuesDiffer
            ? null
            : new HourDifference(
                UnixMicros.ToTime(hour * UnixMicros.PerHour), most.Readings, stored.Raw, stored.RolledUp, missing, excess, valuesDiffer);
    }
}
