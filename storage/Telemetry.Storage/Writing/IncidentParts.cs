using System.Text;
using System.Text.Json;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;

namespace Telemetry.Storage.Writing;

/// <summary>The sensors of an incident as the JSON of column <c>parts</c>: an array of objects, times in microseconds since 1970.</summary>
internal static class IncidentParts
{
    public static string Of(Incident incident)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes))
        {
            writer.WriteStartArray();
            foreach (var part in incident.Sensors)
            {
                writer.WriteStartObject();
                writer.WriteString("sensor", part.Sensor);
                writer.WriteString("kind", KebabCase.Of(part.Kind.ToString()));
                writer.WriteString("direction", KebabCase.Of(part.Direction.ToString()));
                writer.WriteNumber("start", part.StartUs);
                writer.WriteNumber("peak", part.PeakUs);
                writer.WriteNumber("last", part.LastUs);
                Finite(writer, "value", part.Value);
                Finite(writer, "score", part.Score);
                writer.WriteNumber("severity", part.Severity);
                writer.WriteString("text", part.Text);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    /// <summary>JSON has no infinities: absent then.</summary>
    private static void Finite(Utf8JsonWriter writer, string name, double value)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumber(name, value);
        }
    }
}
