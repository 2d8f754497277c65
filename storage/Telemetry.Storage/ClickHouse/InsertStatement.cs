namespace Telemetry.Storage.ClickHouse;

/// <summary>Splits <c>INSERT INTO ... FORMAT X</c> into what stands before FORMAT and X.</summary>
internal static class InsertStatement
{
    /// <summary>The statement that reads the block from <paramref name="rows"/>, a table function, if the guard lets it.</summary>
    public static string From(string head, string rows, string? guard) =>
        guard is null ? $"{head} SELECT * FROM {rows}" : $"{head} SELECT * FROM {rows} WHERE {guard}";

    /// <summary>A structure as a string literal.</summary>
    public static string Literal(string structure) => $"'{structure.Replace("'", "\\'", StringComparison.Ordinal)}'";

    public static (string Head, string Format) Split(string sql)
    {
        var trimmed = sql.TrimEnd();
        var space = trimmed.LastIndexOf(' ');
        var head = space < 0 ? "" : trimmed[..space].TrimEnd();
        return head.EndsWith(" FORMAT", StringComparison.OrdinalIgnoreCase)
            ? (head[..^" FORMAT".Length].TrimEnd(), trimmed[(space + 1)..])
            : throw new ArgumentException($"An INSERT ends with FORMAT and its name, this one does not: {sql}", nameof(sql));
    }
}
