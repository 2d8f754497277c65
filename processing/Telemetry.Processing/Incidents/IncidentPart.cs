using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;

namespace Telemetry.Processing.Incidents;

/// <summary>What one sensor shows of an incident.</summary>
internal sealed class IncidentPart
{
    /// <summary>Name of the sensor.</summary>
    public required byte[] Sensor { get; init; }

    /// <summary>Name of the detector whose finding this is.</summary>
    public string Detector { get; set; } = "";

    public AnomalyKind Kind { get; set; }

    /// <summary>Event time of the first strange reading of all findings here, microseconds.</summary>
    public long StartUs { get; set; }

    /// <summary>Event time of the last strange reading.</summary>
    public long LastUs { get; set; }

    /// <summary>The finding that says most. Its times are the device's own.</summary>
    public Finding Finding { get; set; }

    /// <summary>Martingale of a change-point detector of ML.NET's; NaN for others.</summary>
    public double Martingale { get; set; } = double.NaN;

    /// <summary>Takes a finding, new or grown: the one that explains more stays, of equals the stranger.</summary>
    public void Take(string detector, AnomalyKind kind, in Finding finding, double martingale = double.NaN)
    {
        var isFirst = Kind == AnomalyKind.Unspecified;
        StartUs = isFirst ? finding.StartMicros : Math.Min(StartUs, finding.StartMicros);
        LastUs = isFirst ? finding.EndMicros : Math.Max(LastUs, finding.EndMicros);
        var isSame = detector == Detector && finding.StartMicros == Finding.StartMicros;
        if (isFirst || isSame || IncidentKinds.Explains(kind, Kind) || (kind == Kind && finding.Score > Finding.Score))
        {
            (Detector, Kind, Finding, Martingale) = (detector, kind, finding, martingale);
        }
    }
}
