namespace Telemetry.Operations.Audit.Hourly;

/// <summary>An hour of event time, at one place.</summary>
/// <param name="Readings">Readings.</param>
/// <param name="Sum">Sum of their values up to <see cref="SummedMax"/> in magnitude.</param>
/// <param name="Magnitude">Sum of the magnitudes of these values: what the rounding of <paramref name="Sum"/> is measured by.</param>
internal readonly record struct HourFigures(long Readings, double Sum, double Magnitude)
{
    /// <summary>Greater values, infinities and NaN are counted only: one of them in a sum would hide all others.</summary>
    public const double SummedMax = 1e15;
}

/// <summary>An hour of the store.</summary>
/// <param name="Raw">Rows of raw.</param>
/// <param name="Sum">Sum of their values up to <see cref="HourFigures.SummedMax"/> in magnitude.</param>
/// <param name="RolledUp">Readings that the hourly rollup counts.</param>
internal readonly record struct StoredHour(long Raw, double Sum, long RolledUp);
