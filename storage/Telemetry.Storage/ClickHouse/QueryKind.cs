namespace Telemetry.Storage.ClickHouse;

/// <summary>
/// Who runs a statement. Each kind waits for its own kind only, so that none can hold another up, and each has its own longest run.
/// A statement's own <c>max_execution_time</c> always wins.
/// </summary>
public enum QueryKind
{
    /// <summary>A user's query. Ends after the reader's deadline (60 s in the embedded engine, unless configured).</summary>
    Reader,

    /// <summary>A question of the sink: markers, claims, disk. Short; readers can never take its place. No deadline: recovery may read much.</summary>
    Sink,

    /// <summary>Reads a part back (CHECK TABLE). May take as long as the part is large, one at a time.</summary>
    Check,

    /// <summary>Work that is meant to run long: audit, replay, backtest, export. No deadline; who starts it cancels it.</summary>
    Batch,
}
