using System.Text;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Streams.State;

namespace Telemetry.Processing.Incidents;

/// <summary>The open incidents of a device as bytes.</summary>
internal static class IncidentCodec
{
    public static void Write(DeviceIncidents incidents, StateWriter writer)
    {
        writer.ZigZag(incidents.LastNumber);
        writer.Varint((ulong)incidents.Open.Count);
        foreach (var incident in incidents.Open)
        {
            Write(incident, writer);
        }
    }

    public static DeviceIncidents Read(ref StateReader reader)
    {
        var incidents = new DeviceIncidents { LastNumber = reader.ZigZag() };
        for (var left = reader.Count(16); left > 0; left--)
        {
            incidents.Open.Add(ReadIncident(ref reader));
        }

        return incidents;
    }

    private static void Write(OpenIncident incident, StateWriter writer)
    {
        writer.ZigZag(incident.Number);
        writer.Byte((byte)incident.OpenedAs);
        writer.ZigZag(incident.OpenedAtUs);
        writer.Fixed64(incident.Boot);
        writer.Varint(incident.Sequence);
        writer.Byte(incident.IsLate ? (byte)1 : (byte)0);
        writer.ZigZag(incident.OpenedJudgedUs);
        writer.ZigZag(incident.TogetherUs);
        writer.Varint(incident.Revision);
        writer.ZigZag(incident.PublishedUs);
        writer.ZigZag(incident.NextUs);
        writer.ZigZag(incident.QuietAtUs);
        writer.Varint((ulong)incident.OpenFindings);
        writer.Varint((ulong)incident.SensorCount);
        writer.Varint((ulong)incident.Detectors.Count);
        foreach (var name in incident.Detectors)
        {
            writer.Bytes(Encoding.UTF8.GetBytes(name));
        }

        writer.Varint((ulong)incident.Parts.Count);
        foreach (var part in incident.Parts)
        {
            writer.Bytes(part.Sensor);
            writer.Bytes(Encoding.UTF8.GetBytes(part.Detector));
            writer.Byte((byte)part.Kind);
            writer.ZigZag(part.StartUs);
            writer.ZigZag(part.LastUs);
            Write(part.Martingale, writer);
            Write(part.Finding, writer);
        }
    }

    private static OpenIncident ReadIncident(ref StateReader reader)
    {
        var incident = new OpenIncident
        {
            Number = reader.ZigZag(),
            OpenedAs = (AnomalyKind)reader.Byte(),
            OpenedAtUs = reader.ZigZag(),
            Boot = reader.Fixed64(),
            Sequence = reader.Varint(),
            IsLate = reader.Byte() != 0,
            OpenedJudgedUs = reader.ZigZag(),
            TogetherUs = reader.ZigZag(),
            Revision = (uint)reader.Varint(),
            PublishedUs = reader.ZigZag(),
            NextUs = reader.ZigZag(),
            QuietAtUs = reader.ZigZag(),
            OpenFindings = (int)reader.Varint(),
            SensorCount = (int)reader.Varint(),
        };
        for (var left = reader.Count(1); left > 0; left--)
        {
            incident.Detectors.Add(Encoding.UTF8.GetString(reader.Bytes()));
        }

        for (var left = reader.Count(16); left > 0; left--)
        {
            incident.Parts.Add(new IncidentPart
            {
                Sensor = reader.Bytes().ToArray(),
                Detector = Encoding.UTF8.GetString(reader.Bytes()),
                Kind = (AnomalyKind)reader.Byte(),
                StartUs = reader.ZigZag(),
                LastUs = reader.ZigZag(),
                Martingale = ReadDouble(ref reader),
                Finding = ReadFinding(ref reader),
            });
        }

        return incident;
    }

    private static void Write(in Finding finding, StateWriter writer)
    {
        writer.Byte((byte)finding.Kind);
        writer.ZigZag(finding.Direction);
        writer.Byte((byte)((finding.IsOpen ? 1 : 0) | (finding.OfRate ? 2 : 0)));
        writer.ZigZag(finding.StartMicros);
        writer.ZigZag(finding.PeakMicros);
        writer.ZigZag(finding.EndMicros);
        writer.ZigZag(finding.Readings);
        writer.ZigZag(finding.Severity);
        writer.ZigZag(finding.RunLength);
        writer.ZigZag(finding.UsualRunLength);
        writer.ZigZag((int)finding.Limit);
        Write(finding.Score, writer);
        Write(finding.Value, writer);
        Write(finding.PeakValue, writer);
        Write(finding.UsualLow, writer);
        Write(finding.UsualHigh, writer);
        Write(finding.Spreads, writer);
        Write(finding.FromLevel, writer);
        Write(finding.ToLevel, writer);
        Write(finding.LimitValue, writer);
        Write(finding.RatePerSecond, writer);
    }

    private static Finding ReadFinding(ref StateReader reader)
    {
        var kind = (FindingKind)reader.Byte();
        var direction = (sbyte)reader.ZigZag();
        var flags = reader.Byte();
        return new Finding
        {
            Kind = kind,
            Direction = direction,
            IsOpen = (flags & 1) != 0,
            OfRate = (flags & 2) != 0,
            StartMicros = reader.ZigZag(),
            PeakMicros = reader.ZigZag(),
            EndMicros = reader.ZigZag(),
            Readings = (int)reader.ZigZag(),
            Severity = (int)reader.ZigZag(),
            RunLength = (int)reader.ZigZag(),
            UsualRunLength = (int)reader.ZigZag(),
            Limit = (LimitLevel)reader.ZigZag(),
            Score = ReadDouble(ref reader),
            Value = ReadDouble(ref reader),
            PeakValue = ReadDouble(ref reader),
            UsualLow = ReadDouble(ref reader),
            UsualHigh = ReadDouble(ref reader),
            Spreads = ReadDouble(ref reader),
            FromLevel = ReadDouble(ref reader),
            ToLevel = ReadDouble(ref reader),
            LimitValue = ReadDouble(ref reader),
            RatePerSecond = ReadDouble(ref reader),
        };
    }

    private static void Write(double value, StateWriter writer) => writer.Fixed64((ulong)BitConverter.DoubleToInt64Bits(value));

    private static double ReadDouble(ref StateReader reader) => BitConverter.Int64BitsToDouble((long)reader.Fixed64());
}
