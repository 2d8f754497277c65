using System.Buffers;
using System.Text;
using Telemetry.Query.Problems;
using Telemetry.Storage.ClickHouse.Sql;

namespace Telemetry.Query.Sql;

/// <summary>
/// What may be asked in SQL: one SELECT over the tables of the platform. The engine runs it read-only besides; here is what that does not forbid, and what would take the
/// limits away that stand behind it.
/// </summary>
internal static class SqlGuard
{
    public const int StatementBytesMax = 64 * 1024;

    private static readonly SearchValues<byte> PathMarks = SearchValues.Create("/.:*~\\"u8);
    private static readonly string[] Clauses = ["SETTINGS", "INTO", "OUTFILE", "INFILE"];
    private static readonly string[] Databases = ["system", "information_schema"];

    /// <summary>Functions that read files, load libraries, or do nothing for long.</summary>
    private static readonly string[] Functions = ["file", "catboostEvaluate", "sleep", "sleepEachRow", "executable", "hasColumnInTable"];

    /// <summary>Table functions that make rows of nothing.</summary>
    private static readonly string[] Harmless = ["numbers", "numbers_mt", "zeros", "zeros_mt", "generateSeries", "generate_series", "values", "null"];

    /// <param name="text">The statement.</param>
    /// <param name="tableFunctions">Table functions that the engine has.</param>
    /// <returns>The statement, without a semicolon behind it.</returns>
    /// <exception cref="ApiProblem">400: it is not such a SELECT; the problem says why.</exception>
    public static string Check(string text, IReadOnlySet<string> tableFunctions)
    {
        var sql = Encoding.UTF8.GetBytes(text.TrimEnd().TrimEnd(';'));
        if (sql.Length > StatementBytesMax)
        {
            throw Refused($"It is longer than {StatementBytesMax} bytes.");
        }

        var lexer = new SqlLexer(sql);
        var (open, isFirst) = (0, true);
        SqlToken last = default;
        while (lexer.MoveNext())
        {
            var token = lexer.Current;
            if (isFirst && !token.IsMark(sql, '('))
            {
                isFirst = false;
                if (!token.IsWord(sql, "SELECT") && !token.IsWord(sql, "WITH"))
                {
                    throw Refused("It must begin with SELECT or WITH: data is read here, never changed.");
                }
            }

            open += token.IsMark(sql, '(') ? 1 : token.IsMark(sql, ')') ? -1 : 0;
            if (open < 0 || token.IsMark(sql, ';'))
            {
                throw Refused("One statement at a time, with as many brackets closed as opened.");
            }

            CheckToken(sql, last, token, tableFunctions);
            last = token;
        }

        return isFirst || open > 0 ? throw Refused("One statement at a time, with as many brackets closed as opened.") : Encoding.UTF8.GetString(sql);
    }

    private static void CheckToken(ReadOnlySpan<byte> sql, SqlToken last, SqlToken token, IReadOnlySet<string> tableFunctions)
    {
        foreach (var clause in Clauses)
        {
            if (token.IsWord(sql, clause))
            {
                throw Refused($"{clause} is not taken here; limits and formats are the platform's.");
            }
        }

        if (last.IsWord(sql, "FORMAT") && token.Kind == SqlTokenKind.Word)
        {
            throw Refused("FORMAT is not taken here; the format comes from 'format' or the Accept header.");
        }

        // The engine in this process takes a quoted path for a table, and reads the file.
        if ((token.Kind == SqlTokenKind.QuotedIdentifier && sql[token.Start..token.End].ContainsAny(PathMarks))
            || (token.Kind == SqlTokenKind.Text && (last.IsWord(sql, "FROM") || last.IsWord(sql, "JOIN"))))
        {
            throw Refused("Files are not read here; a quoted name has none of / . : * ~ \\ in it.");
        }

        if (token.IsMark(sql, '.'))
        {
            foreach (var database in Databases)
            {
                if (IsName(sql, last, database))
                {
                    throw Refused($"Tables of {database} are not served; those of the platform are in docs/storage.md.");
                }
            }
        }

        if (!token.IsMark(sql, '(') || last.End == 0)
        {
            return;
        }

        if (last.Kind == SqlTokenKind.QuotedIdentifier)
        {
            throw Refused("A function's name stands without quotes.");
        }

        var name = last.Kind == SqlTokenKind.Word ? Encoding.UTF8.GetString(sql[last.Start..last.End]) : "";
        if (Functions.Contains(name, StringComparer.OrdinalIgnoreCase)
            || (tableFunctions.Contains(name) && !Harmless.Contains(name, StringComparer.OrdinalIgnoreCase)))
        {
            throw Refused($"{name}() is not taken here: it reaches beyond the tables of the platform, or makes the engine wait.");
        }
    }

    private static bool IsName(ReadOnlySpan<byte> sql, SqlToken token, string name) =>
        token.IsWord(sql, name) || (token.Kind == SqlTokenKind.QuotedIdentifier && Ascii.EqualsIgnoreCase(sql[(token.Start + 1)..(token.End - 1)], name));

    private static ApiProblem Refused(string detail) => new(400, "bad-sql", "The statement is not usable", detail)
    {
        Example = "SELECT device, max(value) FROM readings_data WHERE sensor = 'temperature' AND event_time > now() - INTERVAL 1 HOUR GROUP BY device",
    };
}
