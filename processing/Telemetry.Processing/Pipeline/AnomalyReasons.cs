using System.Globalization;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;

namespace Telemetry.Processing.Pipeline;

/// <summary>A sentence for people about an alert.</summary>
internal static class AnomalyReasons
{
    public static string Of(ISeriesDetector detector, double value, in DetectorResult result)
    {
        var what = detector.Kind switch
        {
            AnomalyKind.Spike => "is unlike the recent values of this series",
            AnomalyKind.ChangePoint => "shows that the series behaves differently from before",
            AnomalyKind.StuckAt => "has not changed for unusually long",
            AnomalyKind.Dropout => "is the last before readings stopped",
            AnomalyKind.NoiseBurst => "is one of values that scatter far more than before",
            _ => "was reported",
        };
        var measure = (double.IsNaN(result.PValue), double.IsNaN(result.Martingale)) switch
        {
            (false, false) => string.Create(CultureInfo.InvariantCulture, $" (p = {result.PValue:G3}, martingale {result.Martingale:G4})"),
            (false, true) => string.Create(CultureInfo.InvariantCulture, $" (p = {result.PValue:G3})"),
            (true, false) => string.Create(CultureInfo.InvariantCulture, $" (martingale {result.Martingale:G4})"),
            _ => "",
        };
        return string.Create(CultureInfo.InvariantCulture, $"{value:G6} {what}{measure}, says {detector.Name}.");
    }
}
