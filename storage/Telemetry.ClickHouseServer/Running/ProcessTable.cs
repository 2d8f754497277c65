using System.Text;
using Telemetry.Storage.ClickHouse.Sql;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>
/// <c>system.processes</c> with the clients' query ids: the engine knows only its own, and the client's stands in a comment
/// in front of the statement.
/// </summary>
internal static class ProcessTable
{
    /// <summary>Begins the comment; hexadecimal digits of the query id follow.</summary>
    public const string Mark = "telemetry-query ";

    /// <summary>Takes the place of the table.</summary>
    public const string Subquery =
        "(SELECT * REPLACE ("
        + "if(startsWith(query, '/*" + Mark + "'), unhex(extract(query, '^/\\\\*" + Mark + "([0-9A-F]*)')), query_id) AS query_id, "
        + "if(startsWith(query, '/*" + Mark + "'), unhex(extract(query, '^/\\\\*" + Mark + "([0-9A-F]*)')), initial_query_id) AS initial_query_id, "
        + "if(startsWith(query, '/*" + Mark + "'), substring(query, position(query, '*/') + 3), query) AS query"
        + ") FROM system.processes)";

    /// <summary>
    /// The statement with <c>system.processes</c> behind FROM and JOIN replaced, and with the functions that tell the query's own
    /// id answered.
    /// </summary>
    public static string Rewrite(ReadOnlySpan<byte> sql, IReadOnlyList<SqlToken> tokens, string queryId)
    {
        var text = new StringBuilder();
        var copied = 0;
        for (var i = 0; i < tokens.Count; i++)
        {
            var (length, put) = IsTable(sql, tokens, i) ? (3, Subquery) : IsOwnId(sql, tokens, i) ? (3, Literal(queryId)) : (0, "");
            if (length > 0)
            {
                text.Append(Encoding.UTF8.GetString(sql[copied..tokens[i].Start])).Append(put);
                copied = tokens[i + length - 1].End;
                i += length - 1;
            }
        }

        return text.Append(Encoding.UTF8.GetString(sql[copied..])).ToString();
    }

    /// <summary>A string in SQL.</summary>
    public static string Literal(string text) =>
        "'" + text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "\\'", StringComparison.Ordinal) + "'";

    private static bool IsTable(ReadOnlySpan<byte> sql, IReadOnlyList<SqlToken> tokens, int at) =>
        at > 0 && at + 2 < tokens.Count
        && (tokens[at - 1].IsWord(sql, "FROM") || tokens[at - 1].IsWord(sql, "JOIN"))
        && tokens[at].IsName(sql, "system") && tokens[at + 1].IsMark(sql, '.') && tokens[at + 2].IsName(sql, "processes");

    private static bool IsOwnId(ReadOnlySpan<byte> sql, IReadOnlyList<SqlToken> tokens, int at) =>
        at + 2 < tokens.Count
        && (tokens[at].IsWord(sql, "queryID") || tokens[at].IsWord(sql, "query_id")
            || tokens[at].IsWord(sql, "initialQueryID") || tokens[at].IsWord(sql, "initial_query_id"))
        && tokens[at + 1].IsMark(sql, '(') && tokens[at + 2].IsMark(sql, ')');
}
