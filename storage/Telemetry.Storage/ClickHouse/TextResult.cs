using System.Text.Json;

namespace Telemetry.Storage.ClickHouse;

/// <summary>Small results as rows of text fields, for the store's own work and for operations.</summary>
public static class TextResult
{
    /// <summary>Runs a query and returns all its rows.</summary>
    /// <exception cref="ClickHouseException">
    /// The query failed, or its answer was cut short: JSON ends with the number of rows, so half an answer is never taken for a whole one.
    /// </exception>
    public static async ValueTask<IReadOnlyList<string[]>> QueryRowsAsync(
        this IClickHouse clickHouse,
        string sql,
        IReadOnlyList<KeyValuePair<string, string>>? parameters,
        CancellationToken cancellationToken,
        QueryKind kind = QueryKind.Sink)
    {
        var result = await clickHouse.QueryAsync(new ClickHouseQuery(sql, parameters, "JSONCompactStrings", Kind: kind), cancellationToken);
        try
        {
            return Parse(result.Body);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            throw new ClickHouseException(0, $"The store's answer of {result.Body.Length} bytes is not complete: {e.Message}", e);
        }
    }

    private static List<string[]> Parse(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        var data = document.RootElement.GetProperty("data");
        var rows = new List<string[]>(data.GetArrayLength());
        foreach (var row in data.EnumerateArray())
        {
            var fields = new string[row.GetArrayLength()];
            for (var i = 0; i < fields.Length; i++)
            {
                fields[i] = row[i].GetString() ?? "";
            }

            rows.Add(fields);
        }

        return document.RootElement.GetProperty("rows").GetInt32() == rows.Count
            ? rows
            : throw new JsonException($"it has {rows.Count} rows and says otherwise");
    }
}
