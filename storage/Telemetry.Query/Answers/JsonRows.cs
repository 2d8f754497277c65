using System.Text.Json;

namespace Telemetry.Query.Answers;

/// <summary>Reads results of the format <c>JSONCompactEachRow</c> and <c>JSONEachRow</c>: one JSON value a line.</summary>
internal static class JsonRows
{
    public static List<JsonElement> Parse(ReadOnlyMemory<byte> lines)
    {
        var rows = new List<JsonElement>();
        while (!lines.IsEmpty)
        {
            var end = lines.Span.IndexOf((byte)'\n');
            var line = end < 0 ? lines : lines[..end];
            lines = end < 0 ? default : lines[(end + 1)..];
            if (!line.IsEmpty)
            {
                using var document = JsonDocument.Parse(line);
                rows.Add(document.RootElement.Clone());
            }
        }

        return rows;
    }
}
