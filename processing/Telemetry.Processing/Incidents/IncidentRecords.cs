using System.Text;
using Telemetry.Contracts.V1;
using Incident = Telemetry.Contracts.V1.Incident;

namespace Telemetry.Processing.Incidents;

/// <summary>Records of incidents. Rare: may allocate.</summary>
internal static class IncidentRecords
{
    /// <param name="device">Device.</param>
    /// <param name="incident">The incident.</param>
    /// <param name="state">State of this record.</param>
    /// <param name="unitOf">Unit of a sensor's values; empty when not known.</param>
    public static Incident Of(string device, OpenIncident incident, IncidentState state, Func<string, string, string> unitOf)
    {
        var lead = incident.Lead;
        var f = lead.Finding;
        var sensor = Encoding.ASCII.GetString(lead.Sensor);
        var record = new Incident
        {
            Id = IncidentId.Of(device, sensor, incident.OpenedAs, incident.OpenedAtUs, incident.Boot, incident.Sequence),
            Device = device,
            Sensor = sensor,
            Kind = (IncidentKind)lead.Kind,
            State = state,
            Revision = incident.Revision,
            Direction = Direction(f.Direction),
            Severity = (uint)Math.Clamp(incident.Parts.Max(p => p.Finding.Severity), 0, 1000),
            StartUs = incident.OpenedAtUs,
            PeakUs = f.PeakMicros,
            LastUs = Math.Max(incident.OpenedAtUs, incident.Parts.Max(p => p.LastUs)),
            Value = f.PeakValue,
            RunLength = (ulong)Math.Max(0, f.RunLength),
            UsualRunLength = f.RunLength > 0 ? (ulong)Math.Max(0, f.UsualRunLength) : 0,
            Score = f.Score,
            Unit = unitOf(device, sensor),
            SensorCount = (uint)incident.SensorCount,
            Late = incident.IsLate,
            BootId = incident.Boot,
            Sequence = incident.Sequence,
        };
        record.EndUs = state == IncidentState.Ended ? record.LastUs : 0;
        if (f.UsualLow <= f.UsualHigh)
        {
            (record.UsualLow, record.UsualHigh) = (f.UsualLow, f.UsualHigh);
        }

        if (f.Spreads != 0)
        {
            record.Spreads = f.Spreads;
        }

        if (lead.Kind is AnomalyKind.LevelShift or AnomalyKind.Drift)
        {
            (record.FromLevel, record.ToLevel) = (f.FromLevel, f.ToLevel);
        }

        record.Detectors.AddRange(incident.Detectors);
        foreach (var part in incident.Parts)
        {
            record.Sensors.Add(Part(device, part, unitOf));
        }

        record.Text = record.Sensors[0].Text + Others(record);
        record.Detail = string.Join("; ", incident.Parts.Take(4).Select(IncidentText.Detail));
        return record;
    }

    /// <summary>The record of a device that is not heard, or is heard again.</summary>
    /// <param name="device">Device.</param>
    /// <param name="heardUs">When it was heard last, microseconds.</param>
    /// <param name="dueUs">When it should have been heard next: the start.</param>
    /// <param name="nowUs">When it was found silent, or heard again.</param>
    /// <param name="intervalMs">How often it is heard; 0 when that is not known.</param>
    /// <param name="isOver">True: it is heard again.</param>
    public static Incident Silent(string device, long heardUs, long dueUs, long nowUs, double intervalMs, bool isOver)
    {
        var record = new Incident
        {
            Id = IncidentId.Of(device, "", AnomalyKind.Silent, dueUs, 0, 0),
            Device = device,
            Kind = IncidentKind.Silent,
            State = isOver ? IncidentState.Ended : IncidentState.Open,
            Revision = isOver ? 2u : 1u,
            Severity = SilentSeverity,
            StartUs = dueUs,
            PeakUs = nowUs,
            LastUs = nowUs,
            EndUs = isOver ? nowUs : 0,
            Value = (nowUs - heardUs) / 1e6,
            Unit = "s",
            Text = isOver ? IncidentText.Resumed(device, heardUs, nowUs - heardUs) : IncidentText.Silent(device, heardUs, intervalMs),
            Detail = "gap timer: value is the time since it was heard last",
        };
        record.Detectors.Add("gap-timer");
        return record;
    }

    /// <summary>All of a device's readings are missing, and what happens there is not known.</summary>
    private const uint SilentSeverity = 600;

    private static IncidentSensor Part(string device, IncidentPart part, Func<string, string, string> unitOf)
    {
        var sensor = Encoding.ASCII.GetString(part.Sensor);
        return new IncidentSensor
        {
            Sensor = sensor,
            Kind = (IncidentKind)part.Kind,
            Direction = Direction(part.Finding.Direction),
            StartUs = part.StartUs,
            PeakUs = part.Finding.PeakMicros,
            LastUs = part.LastUs,
            Value = part.Finding.PeakValue,
            Score = part.Finding.Score,
            Severity = (uint)Math.Clamp(part.Finding.Severity, 0, 1000),
            Text = IncidentText.Of(part, sensor, unitOf(device, sensor)),
        };
    }

    private static string Others(Incident record) => record.SensorCount switch
    {
        <= 1 => "",
        2 when record.Sensors.Count == 2 => $"; with {record.Sensors[1].Sensor}",
        _ when record.Sensors.Count >= 2 => $"; with {record.Sensors[1].Sensor} and {record.SensorCount - 2} more",
        _ => $"; with {record.SensorCount - 1} more",
    };

    private static IncidentDirection Direction(sbyte direction) => direction switch
    {
        > 0 => IncidentDirection.Up,
        < 0 => IncidentDirection.Down,
        _ => IncidentDirection.Unspecified,
    };
}
