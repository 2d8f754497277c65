using Telemetry.ClickHouseServer.Errors;
using Telemetry.Storage.ClickHouse.Sql;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.ClickHouseServer.Sql;

/// <summary>
/// INSERT up to where its data begins. <c>INSERT INTO [TABLE] [FUNCTION] t [(columns)] [SETTINGS ...]
/// FORMAT f [SETTINGS ...] | VALUES | SELECT ...</c>
/// Source: src/Parsers/ParserInsertQuery.cpp of ClickHouse.
/// </summary>
internal static class InsertParser
{
    public static Statement Parse(ReadOnlySpan<byte> sql)
    {
        var tokens = new List<SqlToken>();
        var lexer = new SqlLexer(sql);
        var named = false;
        SqlToken? settings = null;
        while (lexer.MoveNext())
        {
            var token = lexer.Current;
            if (token.IsMark(sql, ';'))
            {
                break;
            }

            tokens.Add(token);
            if (token.Depth > 0 || token.Kind == SqlTokenKind.Punctuation)
            {
                named |= token.IsMark(sql, '}') || token.IsMark(sql, ')');
                continue;
            }

            if (!named)
            {
                named = IsTableName(sql, tokens);
                continue;
            }

            if (tokens[^2].IsMark(sql, '.'))
            {
                continue;
            }

            if (token.IsWord(sql, "SETTINGS"))
            {
                settings = token;
            }
            else if (token.IsWord(sql, "VALUES"))
            {
                return Data(tokens, settings, token.Start, token.End, "Values", token.End);
            }
            else if (token.IsWord(sql, "FORMAT"))
            {
                return Format(sql, ref lexer, tokens, settings, token, null);
            }
            else if (token.IsWord(sql, "SELECT") || token.IsWord(sql, "WITH"))
            {
                return Select(sql, ref lexer, tokens);
            }
            else if (token.IsWord(sql, "FROM") || token.IsWord(sql, "INFILE"))
            {
                throw new ClickHouseException(
                    ErrorCodes.UnknownTypeOfQuery,
                    ErrorCodes.Text(ErrorCodes.UnknownTypeOfQuery, "Query has infile and was sent directly to the server"));
            }
        }

        // INSERT INTO t (SELECT ...): a query in brackets.
        var query = tokens.FindIndex(t => t.Depth == 1);
        var last = tokens.Count == 0 ? 0 : tokens[^1].End;
        return new Statement
        {
            Kind = named && query >= 0 && HasQuery(sql, tokens) ? SqlKind.Other : SqlKind.InsertOpen,
            Tokens = tokens,
            End = last,
        };
    }

    private static bool HasQuery(ReadOnlySpan<byte> sql, List<SqlToken> tokens)
    {
        foreach (var token in tokens)
        {
            if (token.IsWord(sql, "SELECT"))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The first word behind INTO, TABLE and FUNCTION is the table, whatever it is called.</summary>
    private static bool IsTableName(ReadOnlySpan<byte> sql, List<SqlToken> tokens)
    {
        var token = tokens[^1];
        if (tokens.Count == 1 || token.IsWord(sql, "INTO") || token.IsWord(sql, "FUNCTION"))
        {
            return false;
        }

        return !(token.IsWord(sql, "TABLE") && tokens[^2].IsWord(sql, "INTO"));
    }

    private static Statement Format(
        ReadOnlySpan<byte> sql, ref SqlLexer lexer, List<SqlToken> tokens, SqlToken? settings, SqlToken format, SqlToken? input)
    {
        if (!lexer.MoveNext() || lexer.Current.Kind is not (SqlTokenKind.Word or SqlTokenKind.QuotedIdentifier))
        {
            return new Statement { Kind = SqlKind.Other, Tokens = tokens, End = sql.Length };
        }

        tokens.Add(lexer.Current);
        var name = StatementParser.Name(sql, lexer.Current);
        var end = SkipSettings(sql, lexer, lexer.Current.End);
        var data = SkipBlanks(sql, end);
        return Data(tokens, settings, format.Start, end, name, data) with { Input = input };
    }

    /// <summary>INSERT ... SELECT takes data only through the table function <c>input</c>.</summary>
    private static Statement Select(ReadOnlySpan<byte> sql, ref SqlLexer lexer, List<SqlToken> tokens)
    {
        SqlToken? input = null;
        while (lexer.MoveNext())
        {
            var token = lexer.Current;
            if (token.IsMark(sql, '(') && tokens[^1].IsWord(sql, "input"))
            {
                input = tokens[^1];
            }

            if (input is not null && token.Depth == 0 && token.IsWord(sql, "FORMAT"))
            {
                return Format(sql, ref lexer, tokens, null, token, input);
            }

            tokens.Add(token);
        }

        var all = StatementParser.Read(sql);
        return new Statement { Kind = SqlKind.Other, Tokens = all, End = all[^1].End };
    }

    private static Statement Data(List<SqlToken> tokens, SqlToken? settings, int formatAt, int formatEnd, string format, int data) => new()
    {
        Kind = SqlKind.InsertData,
        Tokens = tokens,
        Format = format,
        End = formatEnd,
        FileAt = settings?.Start ?? formatAt,
        FormatAt = formatAt,
        FormatEnd = formatEnd,
        DataAt = data,
    };

    /// <summary>FORMAT f SETTINGS a = 1, b = 'x': pairs of a name, a sign and one literal.</summary>
    private static int SkipSettings(ReadOnlySpan<byte> sql, SqlLexer lexer, int end)
    {
        if (!lexer.MoveNext() || !lexer.Current.IsWord(sql, "SETTINGS"))
        {
            return end;
        }

        while (lexer.MoveNext() && lexer.Current.Kind == SqlTokenKind.Word
            && lexer.MoveNext() && lexer.Current.IsMark(sql, '=') && lexer.MoveNext())
        {
            if (lexer.Current.Kind == SqlTokenKind.Punctuation && !lexer.MoveNext())
            {
                break;
            }

            end = lexer.Current.End;
            var more = lexer;
            if (!more.MoveNext() || !more.Current.IsMark(sql, ','))
            {
                break;
            }

            lexer = more;
        }

        return end;
    }

    /// <summary>Data begins behind blanks and one line end, which belong to the statement.</summary>
    private static int SkipBlanks(ReadOnlySpan<byte> sql, int at)
    {
        while (at < sql.Length && sql[at] is (byte)' ' or (byte)'\t' or (byte)'\f')
        {
            at++;
        }

        if (at < sql.Length && sql[at] == ';')
        {
            at++;
        }

        if (at < sql.Length && sql[at] == '\r')
        {
            at++;
        }

        return at < sql.Length && sql[at] == '\n' ? at + 1 : at;
    }
}
