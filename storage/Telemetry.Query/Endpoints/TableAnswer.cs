using System.Text.Json;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>A page of rows in the format asked for.</summary>
internal static class TableAnswer
{
    /// <param name="request">Request.</param>
    /// <param name="name">Name of the rows in JSON.</param>
    /// <param name="sql">SELECT with ORDER BY, without LIMIT, SETTINGS and FORMAT.</param>
    /// <param name="values">Values of its placeholders.</param>
    public static async Task WriteAsync(
        ApiRequest request, string name, string sql, IReadOnlyList<KeyValuePair<string, string>> values)
    {
        var (limit, offset) = request.Parameters.Page();
        var format = request.Parameters.Format();
        var meta = await request.MetaAsync();
        if (format != OutputFormat.Json)
        {
            meta.WriteTo(request.Response.Headers);
            await request.StreamAsync($"{sql} LIMIT {limit} OFFSET {offset}", values, format);
            return;
        }

        // One row more than asked tells whether there is a next page.
        var lines = Lines(await request.QueryAsync($"{sql} LIMIT {limit + 1} OFFSET {offset}", values, "JSONEachRow"));
        var more = lines.Count > limit;
        request.Response.ContentType = "application/json";
        await using var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: more);
        writer.WriteStartArray(name);
        foreach (var line in lines.Take(limit))
        {
            writer.WriteRawValue(line.Span, skipInputValidation: true);
        }

        writer.WriteEndArray();
        if (more)
        {
            writer.WriteNumber("next", offset + limit);
        }
        else
        {
            writer.WriteNull("next");
        }

        writer.WriteEndObject();
        QueryMetrics.GaveRows(request.Endpoint, Math.Min(limit, lines.Count));
    }

    private static List<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> text)
    {
        var lines = new List<ReadOnlyMemory<byte>>();
        while (!text.IsEmpty)
        {
            var end = text.Span.IndexOf((byte)'\n');
            var line = end < 0 ? text : text[..end];
            text = end < 0 ? default : text[(end + 1)..];
            if (!line.IsEmpty)
            {
                lines.Add(line);
            }
        }

        return lines;
    }
}
