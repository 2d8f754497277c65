using System.Text.Json;
using Telemetry.Contracts.Text;

namespace Telemetry.Query.Endpoints;

/// <summary>What is wrong with a document that was only to be checked.</summary>
internal static class DocumentErrors
{
    /// <summary>Writes the members <c>usable</c> and <c>errors</c>.</summary>
    public static void Write(Utf8JsonWriter writer, bool isUsable, IReadOnlyList<DocumentError> errors)
    {
        writer.WriteBoolean("usable", isUsable);
        writer.WriteStartArray("errors");
        foreach (var error in errors)
        {
            writer.WriteStartObject();
            writer.WriteString("where", error.Where);
            writer.WriteString("problem", error.Problem);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
