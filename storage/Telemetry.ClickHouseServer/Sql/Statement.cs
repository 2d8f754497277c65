using Telemetry.Storage.ClickHouse.Sql;

namespace Telemetry.ClickHouseServer.Sql;

/// <summary>How a statement is run.</summary>
internal enum SqlKind
{
    /// <summary>Only blanks and comments.</summary>
    Empty,

    /// <summary>SELECT: its result may be large.</summary>
    Rows,

    /// <summary>INSERT with data behind it.</summary>
    InsertData,

    /// <summary>INSERT that has named neither data nor a query so far.</summary>
    InsertOpen,

    /// <summary>KILL QUERY.</summary>
    Kill,

    /// <summary>SET, USE and temporary tables: what changes the connection itself.</summary>
    Session,

    /// <summary>Everything else, with a small result or none.</summary>
    Other,
}

/// <summary>A statement as far as it must be understood to run it. Places are offsets into its bytes.</summary>
internal sealed record Statement
{
    public required SqlKind Kind { get; init; }

    /// <summary>Tokens of the statement, without data behind it and without a closing semicolon.</summary>
    public required IReadOnlyList<SqlToken> Tokens { get; init; }

    /// <summary>FORMAT it names.</summary>
    public string? Format { get; init; }

    /// <summary>End of the statement, before a semicolon and before data.</summary>
    public required int End { get; init; }

    /// <summary>
    /// Of <see cref="SqlKind.Rows"/>: where INTO OUTFILE goes. Of <see cref="SqlKind.InsertData"/>: where
    /// FROM INFILE goes.
    /// </summary>
    public int FileAt { get; init; }

    /// <summary>Of <see cref="SqlKind.InsertData"/>: where FORMAT or VALUES begins.</summary>
    public int FormatAt { get; init; }

    /// <summary>Of <see cref="SqlKind.InsertData"/>: end of the FORMAT or VALUES clause.</summary>
    public int FormatEnd { get; init; }

    /// <summary>Of <see cref="SqlKind.InsertData"/>: where the data begins.</summary>
    public int DataAt { get; init; }

    /// <summary>The table function <c>input</c> of an INSERT ... SELECT that takes data.</summary>
    public SqlToken? Input { get; init; }

    /// <summary>Changes nothing: allowed in a request that must only read.</summary>
    public bool ReadOnly { get; init; }
}
