using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Telemetry.Contracts.V1;

namespace Telemetry.Contracts.Catalogue;

/// <summary>Writes the document that <see cref="CatalogueReader"/> reads.</summary>
public static class CatalogueDocument
{
    private static readonly JsonWriterOptions Readable = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary><c>{"entries": [...]}</c>.</summary>
    public static byte[] Write(IEnumerable<CatalogueEntry> entries)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, Readable))
        {
            writer.WriteStartObject();
            writer.WriteStartArray("entries");
            foreach (var entry in entries)
            {
                writer.WriteStartObject();
                CatalogueJson.WriteMembers(writer, entry, entry.Device, entry.Sensor);
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
            writer.WriteEndObject();
        }

        return bytes.ToArray();
    }

    /// <summary>One entry, with the sensors that a device announced; as it is stored.</summary>
    public static string Of(CatalogueEntry entry)
    {
        using var bytes = new MemoryStream();
        using (var writer = new Utf8JsonWriter(bytes, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            CatalogueJson.WriteMembers(writer, entry, entry.Device, entry.Sensor);
            if (entry.Sensors.Count > 0)
            {
                writer.WriteStartArray("sensors");
                foreach (var sensor in entry.Sensors)
                {
                    writer.WriteStartObject();
                    CatalogueJson.WriteMembers(writer, sensor, sensor.Device, sensor.Sensor);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}
