using System.Text;

namespace Telemetry.Storage.ClickHouse;

/// <summary>Small results as rows of text fields (format TabSeparated), for the store's own work.</summary>
internal static class TextResult
{
    public static async ValueTask<IReadOnlyList<string[]>> QueryRowsAsync(
        this IClickHouse clickHouse,
        string sql,
        IReadOnlyList<KeyValuePair<string, string>>? parameters,
        CancellationToken cancellationToken,
        QueryKind kind = QueryKind.Sink)
    {
        var result = await clickHouse.QueryAsync(new ClickHouseQuery(sql, parameters, "TabSeparated", Kind: kind), cancellationToken);
        return
        [
            .. Encoding.UTF8.GetString(result.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t')),
        ];
    }
}
