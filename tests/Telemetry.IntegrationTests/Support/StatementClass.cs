namespace Telemetry.IntegrationTests.Support;

/// <summary>What a statement does, as far as it matters to what becomes of a failure.</summary>
internal enum StatementClass
{
    /// <summary>INSERT of a block.</summary>
    Insert,

    /// <summary>INSERT ... SELECT and INSERT ... VALUES.</summary>
    InsertSelect,

    /// <summary>CREATE and DROP.</summary>
    Create,

    /// <summary>ALTER TABLE ... DETACH PART.</summary>
    Detach,

    /// <summary>ALTER TABLE, other than DETACH.</summary>
    Alter,

    /// <summary>SYSTEM ...</summary>
    System,

    /// <summary>KILL QUERY.</summary>
    Kill,

    /// <summary>CHECK TABLE.</summary>
    Check,

    /// <summary>A question about markers: which log offsets a table holds.</summary>
    Markers,

    /// <summary>A question to a system table.</summary>
    SystemTables,

    /// <summary>Any other SELECT.</summary>
    Select,

    /// <summary>A streamed result.</summary>
    Stream,
}
