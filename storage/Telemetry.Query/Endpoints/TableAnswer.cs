using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Telemetry.Query.Answers;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Parameters;

namespace Telemetry.Query.Endpoints;

/// <summary>
/// A page of rows in the format asked for. A page is bounded, so it is read from the engine whole: a slow reader holds no place of the
/// engine.
/// </summary>
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
            var text = await request.QueryTextAsync($"{sql} LIMIT {limit} OFFSET {offset}", values, format);
            meta.WriteTo(request.Response.Headers);
            await request.WriteTextAsync(text, format);
            return;
        }

        // One row more than asked tells whether there is a next page.
        var lines = Lines(await request.QueryAsync($"{sql} LIMIT {limit + 1} OFFSET {offset}", values, "JSONEachRow"));
        var more = lines.Count > limit;
        await using var writer = Begin(request, meta, name, more);
        foreach (var line in lines.Take(limit))
        {
            writer.WriteRawValue(line.Span, skipInputValidation: true);
        }

        End(writer, more ? offset + limit : null, more ? request.Parameters.CursorAt(offset + limit) : null);
        QueryMetrics.GaveRows(request.Endpoint, Math.Min(limit, lines.Count));
    }

    /// <summary>Writes rows that were read already. A value is a string, several strings, a number (finite), true, false or null.</summary>
    /// <param name="request">Request.</param>
    /// <param name="meta">How fresh the rows are.</param>
    /// <param name="name">Name of the rows in JSON.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="rows">A value for each column.</param>
    /// <param name="next">Offset of the next page; null when this is the last.</param>
    /// <param name="format">Format.</param>
    /// <param name="nextCursor">Where the next page begins; null: at the offset <paramref name="next"/>.</param>
    public static async Task WriteAsync(
        ApiRequest request,
        AnswerMeta meta,
        string name,
        IReadOnlyList<string> columns,
        IReadOnlyList<IReadOnlyList<object?>> rows,
        int? next,
        OutputFormat format,
        string? nextCursor = null)
    {
        QueryMetrics.GaveRows(request.Endpoint, rows.Count);
        if (format == OutputFormat.Json)
        {
            await using var writer = Begin(request, meta, name, next is not null);
            foreach (var row in rows)
            {
                writer.WriteStartObject();
                Write(writer, columns, row);
                writer.WriteEndObject();
            }

            End(writer, next, nextCursor ?? (next is { } offset ? request.Parameters.CursorAt(offset) : null));
            return;
        }

        meta.WriteTo(request.Response.Headers);
        request.Response.ContentType = format.ContentType();
        if (format == OutputFormat.Csv)
        {
            await request.Response.WriteAsync(Csv(columns, rows), request.Aborted);
            return;
        }

        foreach (var row in rows)
        {
            await using (var writer = new Utf8JsonWriter(request.Response.BodyWriter))
            {
                writer.WriteStartObject();
                Write(writer, columns, row);
                writer.WriteEndObject();
            }

            request.Response.BodyWriter.Put("\n"u8);
        }

        await request.Response.BodyWriter.FlushAsync(request.Aborted);
    }

    /// <summary>Writes one row's values as properties.</summary>
    public static void Write(Utf8JsonWriter writer, IReadOnlyList<string> columns, IReadOnlyList<object?> row)
    {
        for (var i = 0; i < columns.Count; i++)
        {
            switch (row[i])
            {
                case null:
                    writer.WriteNull(columns[i]);
                    break;
                case bool value:
                    writer.WriteBoolean(columns[i], value);
                    break;
                case long value:
                    writer.WriteNumber(columns[i], value);
                    break;
                case double value:
                    writer.WriteNumber(columns[i], value);
                    break;
                case IReadOnlyList<string> values:
                    writer.WriteStartArray(columns[i]);
                    foreach (var value in values)
                    {
                        writer.WriteStringValue(value);
                    }

                    writer.WriteEndArray();
                    break;
                default:
                    writer.WriteString(columns[i], (string)row[i]!);
                    break;
            }
        }
    }

    /// <summary>As the engine writes CSV: names and strings in quotes, null is empty.</summary>
    private static string Csv(IReadOnlyList<string> columns, IReadOnlyList<IReadOnlyList<object?>> rows)
    {
        var text = new StringBuilder().AppendJoin(',', columns.Select(Quote)).Append('\n');
        foreach (var row in rows)
        {
            text.AppendJoin(',', row.Select(value => value switch
            {
                null => "",
                bool flag => flag ? "true" : "false",
                string some => Quote(some),
                IReadOnlyList<string> several => Quote(string.Join(';', several)),
                _ => Convert.ToString(value, CultureInfo.InvariantCulture),
            })).Append('\n');
        }

        return text.ToString();
    }

    private static string Quote(string text) => $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static Utf8JsonWriter Begin(ApiRequest request, AnswerMeta meta, string name, bool more)
    {
        request.Response.ContentType = "application/json";
        var writer = new Utf8JsonWriter(request.Response.BodyWriter);
        writer.WriteStartObject();
        meta.WriteTo(writer, truncated: more);
        writer.WriteStartArray(name);
        return writer;
    }

    private static void End(Utf8JsonWriter writer, int? next, string? nextCursor)
    {
        writer.WriteEndArray();
        if (next is { } offset)
        {
            writer.WriteNumber("next", offset);
        }
        else
        {
            writer.WriteNull("next");
        }

        writer.WriteString("nextCursor", nextCursor);
        writer.WriteEndObject();
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
