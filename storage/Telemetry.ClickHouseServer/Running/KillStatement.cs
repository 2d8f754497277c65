using System.Text;
using Telemetry.ClickHouseServer.Engine;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.ClickHouseServer.Requests;
using Telemetry.ClickHouseServer.Sql;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.ClickHouse.Sql;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Running;

/// <summary>
/// KILL QUERY WHERE ... [SYNC | ASYNC | TEST]. The engine evaluates the condition over the statements of this server, also those
/// it has not begun yet, and over its own. SYNC answers when the statements are known to have ended; libchdb's own SYNC never
/// returns.
/// </summary>
internal sealed class KillStatement(EnginePool pool, RunningQueries running)
{
    private const string Mark = "/*telemetry-kill*/ ";
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    public async Task<EngineAnswer> RunAsync(
        byte[] sql, Statement statement, ClientRequest request, CancellationToken cancellationToken)
    {
        var (condition, mode) = Split(sql, statement);
        var engine = await pool.RentAsync();
        try
        {
            var chosen = await ChooseAsync(engine, condition, request, cancellationToken);
            if (mode != "TEST")
            {
                await KillAsync(engine, chosen, sync: mode == "SYNC", cancellationToken);
                if (chosen.Count == 0 && OnlyId(sql, statement, request) is { } id)
                {
                    running.KillBefore(id);
                }
            }

            var status = mode == "SYNC" ? "finished" : "waiting";
            return await engine.RunAsync(Answer(chosen, status), statement.Format ?? request.DefaultFormat, null, Mark, cancellationToken);
        }
        finally
        {
            await pool.ReturnAsync(engine, changed: false);
        }
    }

    private static (string Condition, string Mode) Split(byte[] sql, Statement statement)
    {
        var tokens = statement.Tokens;
        if (tokens.Count < 4 || !tokens[2].IsWord(sql, "WHERE"))
        {
            throw new ClickHouseException(
                ErrorCodes.SyntaxError, ErrorCodes.Text(ErrorCodes.SyntaxError, "Syntax error: KILL QUERY WHERE condition [SYNC|ASYNC|TEST] [FORMAT format]"));
        }

        var end = statement.FileAt;
        var last = tokens.Last(t => t.End <= end);
        foreach (var mode in (ReadOnlySpan<string>)["SYNC", "ASYNC", "TEST"])
        {
            if (last.Depth == 0 && last.IsWord(sql, mode))
            {
                return (Encoding.UTF8.GetString(sql, tokens[3].Start, last.Start - tokens[3].Start), mode);
            }
        }

        return (Encoding.UTF8.GetString(sql, tokens[3].Start, end - tokens[3].Start), "ASYNC");
    }

    private async Task<IReadOnlyList<Target>> ChooseAsync(
        EngineSession engine, string condition, ClientRequest request, CancellationToken cancellationToken)
    {
        var known = running.Snapshot();
        var rows = string.Join(", ", known.Select(q => $"({Text(q.Id)}, {Text(q.User)}, {Text(q.Sql)})").Append("('', '', '')"));
        var ids = string.Join(", ", known.Select(q => Text(q.Id)).Append("''"));
        var sql =
            $"""
            SELECT hex(query_id), hex(user), hex(query) FROM (
                SELECT p.* REPLACE (r.i AS query_id, r.u AS user, r.q AS query)
                FROM values('i String, u String, q String', {rows}) AS r LEFT JOIN {ProcessTable.Subquery} AS p ON p.query_id = r.i
                UNION ALL
                SELECT * FROM {ProcessTable.Subquery} WHERE query_id NOT IN ({ids}) AND NOT startsWith(query, '{Mark.TrimEnd()}')
            ) WHERE query_id != '' AND ({condition}
            )
            """;
        var answer = await engine.RunAsync(sql, "TabSeparated", request.Parameters, Mark, cancellationToken);

        // Asked again: one may have come between the list and the engine's.
        var byId = running.Snapshot().ToDictionary(q => q.Id, StringComparer.Ordinal);
        return
        [
            .. Encoding.ASCII.GetString(answer.Body).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(line => line.Split('\t').Select(f => Encoding.UTF8.GetString(Convert.FromHexString(f))).ToArray())
                .Select(f => new Target(f[0], f[1], f[2], byId.GetValueOrDefault(f[0]))),
        ];
    }

    private static async Task KillAsync(EngineSession engine, IReadOnlyList<Target> targets, bool sync, CancellationToken cancellationToken)
    {
        foreach (var target in targets)
        {
            if (target.Query is { } query)
            {
                query.Kill();
            }
            else
            {
                await engine.RunAsync($"KILL QUERY WHERE query_id = {Text(target.Id)} ASYNC FORMAT Null");
            }
        }

        foreach (var target in sync ? targets : [])
        {
            await (target.Query?.Ended ?? Task.CompletedTask).WaitAsync(cancellationToken);
            await GoneAsync(engine, target, cancellationToken);
        }
    }

    /// <summary>Only the engine knows when it is done with a statement.</summary>
    private static async Task GoneAsync(EngineSession engine, Target target, CancellationToken cancellationToken)
    {
        var which = target.Query is { } query ? $"startsWith(query, {Text(query.Tag)})" : $"query_id = {Text(target.Id)}";
        while ((await engine.RunAsync($"SELECT 1 FROM system.processes WHERE {which}")).Body.Length > 0)
        {
            await Task.Delay(Poll, cancellationToken);
        }
    }

    private static string Answer(IReadOnlyList<Target> targets, string status)
    {
        const string structure = "'kill_status String, query_id String, user String, query String'";
        var rows = targets.Select(t => $"({Text(status)}, {Text(t.Id)}, {Text(t.User)}, {Text(t.Sql)})").Append("('', '', '', '')");
        return $"SELECT * FROM values({structure}, {string.Join(", ", rows)}) WHERE query_id != ''";
    }

    /// <summary>The id in <c>query_id = 'id'</c> or <c>query_id = {name:String}</c>, when that is the whole condition.</summary>
    private static string? OnlyId(byte[] sql, Statement statement, ClientRequest request)
    {
        var tokens = statement.Tokens;
        if (tokens.Count < 6 || !tokens[3].IsName(sql, "query_id") || !tokens[4].IsMark(sql, '='))
        {
            return null;
        }

        var after = tokens[5].Kind == SqlTokenKind.Text ? 6 : 10;
        var rest = tokens.Skip(after).FirstOrDefault();
        if (tokens.Count > after && !(rest.IsWord(sql, "SYNC") || rest.IsWord(sql, "ASYNC") || rest.IsWord(sql, "FORMAT")))
        {
            return null;
        }

        if (tokens[5].Kind == SqlTokenKind.Text)
        {
            var literal = Encoding.UTF8.GetString(sql, tokens[5].Start + 1, tokens[5].End - tokens[5].Start - 2);
            return literal.AsSpan().ContainsAny('\\', '\'') ? null : literal;
        }

        return tokens[5].IsMark(sql, '{') && tokens.Count >= 10
            ? request.Parameters.LastOrDefault(p => p.Key == StatementParser.Name(sql, tokens[6])).Value
            : null;
    }

    private static string Text(string value) => ProcessTable.Literal(value);

    private sealed record Target(string Id, string User, string Sql, RunningQuery? Query);
}
