using System.Text;
using Telemetry.ClickHouseServer.Errors;
using Telemetry.Storage.ClickHouse.Sql;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Sql;

/// <summary>Tells statements apart by their tokens; what they mean is the engine's business.</summary>
internal static class StatementParser
{
    private static readonly string[] RowWords = ["SELECT", "WITH", "FROM", "("];
    private static readonly string[] ReadWords = ["SELECT", "WITH", "FROM", "(", "SHOW", "DESCRIBE", "DESC", "EXISTS", "EXPLAIN", "SET", "USE"];

    /// <exception cref="ClickHouseException">Several statements, or files of the server.</exception>
    public static Statement Parse(ReadOnlySpan<byte> sql)
    {
        var lexer = new SqlLexer(sql);
        if (!lexer.MoveNext())
        {
            return new Statement { Kind = SqlKind.Empty, Tokens = [], End = 0 };
        }

        return lexer.Current.IsWord(sql, "INSERT") ? InsertParser.Parse(sql) : ParseOther(sql, Read(sql));
    }

    /// <summary>All tokens up to a closing semicolon.</summary>
    public static List<SqlToken> Read(ReadOnlySpan<byte> sql)
    {
        var tokens = new List<SqlToken>();
        var lexer = new SqlLexer(sql);
        var ended = false;
        while (lexer.MoveNext())
        {
            var token = lexer.Current;
            if (token.IsMark(sql, ';'))
            {
                ended = true;
                continue;
            }

            if (ended)
            {
                throw new ClickHouseException(ErrorCodes.SyntaxError, ErrorCodes.Text(ErrorCodes.SyntaxError, "Syntax error: Multi-statements are not allowed"));
            }

            tokens.Add(token);
        }

        return tokens;
    }

    /// <summary>The last FORMAT at the end of a query; -1 when there is none.</summary>
    public static int FindFormat(ReadOnlySpan<byte> sql, List<SqlToken> tokens)
    {
        for (var i = tokens.Count - 2; i > 0; i--)
        {
            if (tokens[i].Depth == 0 && tokens[i].IsWord(sql, "FORMAT")
                && tokens[i + 1].Kind is SqlTokenKind.Word or SqlTokenKind.QuotedIdentifier
                && (i + 2 == tokens.Count || tokens[i + 2].IsWord(sql, "SETTINGS")))
            {
                return i;
            }
        }

        return -1;
    }

    private static Statement ParseOther(ReadOnlySpan<byte> sql, List<SqlToken> tokens)
    {
        if (tokens.Count == 0)
        {
            return new Statement { Kind = SqlKind.Empty, Tokens = [], End = 0 };
        }

        Refuse(sql, tokens);
        var format = FindFormat(sql, tokens);
        var end = tokens[^1].End;
        var first = Encoding.UTF8.GetString(sql[tokens[0].Start..tokens[0].End]).ToUpperInvariant();
        var writes = first == "WITH" && tokens.Any(Outside, sql, "INSERT");
        return new Statement
        {
            Kind = Classify(sql, tokens, first, writes),
            Tokens = tokens,
            Format = format < 0 ? null : Name(sql, tokens[format + 1]),
            FileAt = format < 0 ? end : tokens[format].Start,
            End = end,
            ReadOnly = !writes && ReadWords.Contains(first),
        };
    }

    private static SqlKind Classify(ReadOnlySpan<byte> sql, List<SqlToken> tokens, string first, bool writes)
    {
        if (RowWords.Contains(first) && !writes)
        {
            return SqlKind.Rows;
        }

        if (first == "KILL" && tokens.Count > 1 && tokens[1].IsWord(sql, "QUERY"))
        {
            return SqlKind.Kill;
        }

        return first is "SET" or "USE" || tokens.Any(Outside, sql, "TEMPORARY") ? SqlKind.Session : SqlKind.Other;
    }

    /// <summary>The server's files are not the client's.</summary>
    private static void Refuse(ReadOnlySpan<byte> sql, List<SqlToken> tokens)
    {
        for (var i = 0; i + 1 < tokens.Count; i++)
        {
            if (tokens[i].IsWord(sql, "INTO") && tokens[i + 1].IsWord(sql, "OUTFILE"))
            {
                throw new ClickHouseException(ErrorCodes.IntoOutfileNotAllowed, ErrorCodes.Text(ErrorCodes.IntoOutfileNotAllowed, "INTO OUTFILE is not allowed"));
            }
        }
    }

    public static string Name(ReadOnlySpan<byte> sql, SqlToken token) =>
        Encoding.UTF8.GetString(token.Kind == SqlTokenKind.QuotedIdentifier ? sql[(token.Start + 1)..(token.End - 1)] : sql[token.Start..token.End]);

    private delegate bool Match(ReadOnlySpan<byte> sql, SqlToken token, string word);

    private static bool Outside(ReadOnlySpan<byte> sql, SqlToken token, string word) => token.Depth == 0 && token.IsWord(sql, word);

    private static bool Any(this List<SqlToken> tokens, Match match, ReadOnlySpan<byte> sql, string word)
    {
        foreach (var token in tokens)
        {
            if (match(sql, token, word))
            {
                return true;
            }
        }

        return false;
    }
}
