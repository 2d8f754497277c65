using System.Text;

namespace Telemetry.Storage.ClickHouse.Sql;

/// <summary>What a token is.</summary>
public enum SqlTokenKind
{
    Word,
    QuotedIdentifier,
    Text,
    Number,
    Punctuation,
}

/// <summary>A token of ClickHouse's SQL: where it stands in the bytes of the statement, and in how many brackets.</summary>
public readonly record struct SqlToken(SqlTokenKind Kind, int Start, int End, int Depth)
{
    public bool IsWord(ReadOnlySpan<byte> sql, string word) =>
        Kind == SqlTokenKind.Word && Ascii.EqualsIgnoreCase(sql[Start..End], word);

    public bool IsMark(ReadOnlySpan<byte> sql, char mark) =>
        Kind == SqlTokenKind.Punctuation && sql[Start] == mark;

    /// <summary>A word or a quoted identifier with this name.</summary>
    public bool IsName(ReadOnlySpan<byte> sql, string name) =>
        IsWord(sql, name) || (Kind == SqlTokenKind.QuotedIdentifier && Ascii.Equals(sql[(Start + 1)..(End - 1)], name));
}
