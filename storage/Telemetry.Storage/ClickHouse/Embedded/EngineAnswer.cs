namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>The end of a statement: its result, where it was not sent elsewhere, and what it read and wrote.</summary>
/// <param name="Body">Bytes of the result.</param>
/// <param name="RowsRead">Rows read from tables.</param>
/// <param name="BytesRead">Bytes read from tables, uncompressed.</param>
/// <param name="RowsWritten">Rows inserted.</param>
/// <param name="BytesWritten">Bytes inserted, uncompressed.</param>
/// <param name="ResultRows">Rows of the result.</param>
/// <param name="Elapsed">Time in the engine.</param>
public sealed record EngineAnswer(
    byte[] Body, ulong RowsRead, ulong BytesRead, ulong RowsWritten, ulong BytesWritten, ulong ResultRows, TimeSpan Elapsed);
