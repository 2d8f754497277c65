namespace Telemetry.Storage.ClickHouse;

/// <summary>Splits <c>INSERT INTO ... FORMAT X</c> into what stands before FORMAT and X.</summary>
internal static class InsertStatement
{
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
