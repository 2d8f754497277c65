using System.Text.Json;
using Telemetry.Contracts.V1;
using Telemetry.Query.Answers;

namespace Telemetry.Query.Live;

/// <summary>An incident as the data of a server-sent event. Times are Unix milliseconds, as those of readings.</summary>
internal static class LiveIncident
{
    public static void Write(Utf8JsonWriter writer, Incident incident)
    {
        writer.WriteStartObject();
        writer.WriteString("id", incident.Id);
        writer.WriteNumber("revision", incident.Revision);
        writer.WriteString("state", IncidentNames.Name(incident.State));
        writer.WriteString("device", incident.Device);
        writer.WriteString("sensor", incident.Sensor);
        writer.WriteString("kind", IncidentNames.Name(incident.Kind));
        if (incident.Direction == IncidentDirection.Unspecified)
        {
            writer.WriteNull("direction");
        }
        else
        {
            writer.WriteString("direction", IncidentNames.Name(incident.Direction));
        }

        writer.WriteNumber("severity", incident.Severity);
        writer.WriteString("text", incident.Text);
        JsonValues.Time(writer, "t", incident.StartUs);
        JsonValues.Time(writer, "peak", incident.PeakUs);
        JsonValues.Time(writer, "last", incident.LastUs);
        if (incident.State == IncidentState.Ended)
        {
            JsonValues.Time(writer, "end", incident.EndUs);
        }

        JsonValues.Number(writer, "value", incident.Value);
        JsonValues.Number(writer, "score", incident.Score);
        writer.WriteString("unit", incident.Unit);
        writer.WriteStartArray("sensors");
        foreach (var part in incident.Sensors)
        {
            writer.WriteStringValue(part.Sensor);
        }

        writer.WriteEndArray();
        writer.WriteNumber("sensorCount", incident.SensorCount);
        writer.WriteBoolean("late", incident.Late);
        writer.WriteEndObject();
    }
}
