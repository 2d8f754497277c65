using System.Globalization;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Incidents;

/// <summary>
/// Sentences for people about what one sensor shows: what it is now, what is usual, from what to what, since when. Figures of detectors
/// are for <see cref="Detail"/>.
/// </summary>
internal static class IncidentText
{
    /// <param name="part">What the sensor shows.</param>
    /// <param name="sensor">Its name.</param>
    /// <param name="unit">Unit of its values; empty when not known.</param>
    public static string Of(IncidentPart part, string sensor, string unit)
    {
        var f = part.Finding;
        var of = unit.Length == 0 ? "" : " " + unit;
        if (f.OfRate)
        {
            // Of a counter the values are its increase a second.
            of = unit.Length == 0 ? " a second" : $" {unit} a second";
            sensor = part.Kind == AnomalyKind.CounterReset ? sensor : sensor + " grows";
        }

        var (value, since) = (Number(f.PeakValue) + of, Clock(part.StartUs));
        var lasted = part.LastUs > part.StartUs ? ", for " + Lasting(part.LastUs - part.StartUs) : "";
        return part.Kind switch
        {
            AnomalyKind.LevelShift => $"{sensor} level moved from {Number(f.FromLevel)} to {Number(f.ToLevel)}{of} at {since}",
            AnomalyKind.Drift => $"{sensor} drifts from {Number(f.FromLevel)} to {Number(f.ToLevel)}{of} since {since}" + Pace(f, of),
            AnomalyKind.StuckAt =>
                $"{sensor} frozen at {Number(f.PeakValue)}{of} for {f.RunLength.ToString(CultureInfo.InvariantCulture)} readings (usually repeats at most {f.UsualRunLength.ToString(CultureInfo.InvariantCulture)})",
            AnomalyKind.NoiseBurst => $"{sensor} scatters far more than usual since {since}{lasted}: {(f.PeakValue < f.FromLevel ? "down" : "up")} to {value}{Usual(f)}",
            AnomalyKind.UnusualLevel => $"{sensor} {value}{Usual(f)}: a level it is not known at{Spreads(f)}{lasted}",
            AnomalyKind.Limit => $"{sensor} {value}, {(f.Limit > 0 ? "at or above" : "at or below")} the {f.Limit} limit of {Number(f.LimitValue)}{lasted}",
            AnomalyKind.Rate => $"{sensor} changes by {Number(f.RatePerSecond)}{of} a second, allowed are {Number(f.LimitValue)}{lasted}",
            AnomalyKind.CounterReset => $"{sensor} began again at {Number(f.Value)} at {since}",
            AnomalyKind.State => $"{sensor} in state {Number(f.Value)} at {since}, in which it never was",
            AnomalyKind.ChangePoint => $"{sensor} behaves differently from before since {since}, {value} at the most unusual",
            _ => $"{sensor} {value}{Usual(f)}{Spreads(f)}{lasted}",
        };
    }

    /// <summary>The figures behind it.</summary>
    public static string Detail(IncidentPart part)
    {
        var f = part.Finding;
        var martingale = double.IsNaN(part.Martingale) ? "" : string.Create(CultureInfo.InvariantCulture, $", martingale {part.Martingale:G4}");
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{part.Detector}: score {f.Score:0.##} (-log10 p){martingale}, severity {f.Severity}, {f.Readings} strange readings, strangest at {Clock(f.PeakMicros)}");
    }

    /// <param name="device">Device.</param>
    /// <param name="sinceUs">When it was heard last.</param>
    /// <param name="intervalMs">How often it is heard; 0 when that is not known.</param>
    public static string Silent(string device, long sinceUs, double intervalMs) =>
        $"{device} not heard since {Clock(sinceUs)}" + (intervalMs > 0 ? $"; usually heard every {Lasting((long)(intervalMs * 1000))}" : "");

    /// <param name="device">Device.</param>
    /// <param name="sinceUs">When it was heard last before.</param>
    /// <param name="silenceUs">For how long it was not heard.</param>
    public static string Resumed(string device, long sinceUs, long silenceUs) =>
        $"{device} was not heard for {Lasting(silenceUs)} from {Clock(sinceUs)} on";

    /// <summary>Four significant digits, without an exponent where that is readable.</summary>
    public static string Number(double value)
    {
        var size = Math.Abs(value);
        if (value == 0 || !double.IsFinite(value))
        {
            return value.ToString(CultureInfo.InvariantCulture);
        }

        if (size is < 1e-4 or >= 1e7)
        {
            return value.ToString("G4", CultureInfo.InvariantCulture);
        }

        var digits = Math.Clamp(3 - (int)Math.Floor(Math.Log10(size)), 0, 8);
        return Math.Round(value, digits).ToString("0.########", CultureInfo.InvariantCulture);
    }

    /// <summary>A duration in its largest fitting unit.</summary>
    public static string Lasting(long micros) => micros switch
    {
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{micros / 1000.0:0.#} ms"),
        < 120_000_000 => string.Create(CultureInfo.InvariantCulture, $"{micros / 1e6:0.#} s"),
        < 7_200_000_000 => string.Create(CultureInfo.InvariantCulture, $"{micros / 60e6:0} min"),
        < 172_800_000_000 => string.Create(CultureInfo.InvariantCulture, $"{micros / 3600e6:0.#} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{micros / 86_400e6:0.#} days"),
    };

    private static string Usual(in Finding f) => f.UsualLow <= f.UsualHigh && double.IsFinite(f.UsualHigh - f.UsualLow)
        ? $", usually {Number(f.UsualLow)}{(f.UsualLow == f.UsualHigh ? "" : $" to {Number(f.UsualHigh)}")}"
        : "";

    private static string Spreads(in Finding f) => f.Spreads != 0 && double.IsFinite(f.Spreads)
        ? string.Create(CultureInfo.InvariantCulture, $"; {Number(Math.Round(Math.Abs(f.Spreads), Math.Abs(f.Spreads) < 100 ? 1 : 0))} spreads {(f.Spreads > 0 ? "above" : "below")}")
        : "";

    private static string Pace(in Finding f, string of) => f.RatePerSecond != 0 && double.IsFinite(f.RatePerSecond)
        ? $", {Number(f.RatePerSecond * 3600)}{of} an hour"
        : "";

    private static string Clock(long micros) => UnixMicros.ToTime(Math.Clamp(micros, 0, Micros.FromMs(long.MaxValue)))
        .ToString("HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
}
