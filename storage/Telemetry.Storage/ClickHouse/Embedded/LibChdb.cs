using System.Runtime.InteropServices;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// C API of libchdb (the ClickHouse engine as a library), as far as it is used here. A connection runs one statement at
/// a time: calls on one connection must not overlap.
/// Source: chdb.h of chDB 26.7.
/// </summary>
internal static unsafe partial class LibChdb
{
    internal const string Name = "chdb";

    /// <summary>The library's handlers for SIGSEGV and others would take signals that the .NET runtime needs.</summary>
    [LibraryImport(Name, EntryPoint = "chdb_set_signal_handlers_enabled")]
    internal static partial void SetSignalHandlersEnabled(int enabled);

    /// <summary>Returns a cell that holds the connection, or null.</summary>
    [LibraryImport(Name, EntryPoint = "chdb_connect")]
    internal static partial nint* Connect(int argumentCount, byte** arguments);

    [LibraryImport(Name, EntryPoint = "chdb_close_conn")]
    internal static partial void CloseConnection(nint* connection);

    [LibraryImport(Name, EntryPoint = "chdb_query_with_params_n")]
    internal static partial nint Query(
        nint connection,
        byte* query,
        nuint queryLength,
        byte* format,
        nuint formatLength,
        byte** parameterNames,
        nuint* parameterNameLengths,
        byte** parameterValues,
        nuint* parameterValueLengths,
        nuint parameterCount);

    [LibraryImport(Name, EntryPoint = "chdb_destroy_query_result")]
    internal static partial void DestroyResult(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_buffer")]
    internal static partial byte* ResultBuffer(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_length")]
    internal static partial nuint ResultLength(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_error")]
    internal static partial byte* ResultError(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_rows_read")]
    internal static partial ulong ResultRowsRead(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_storage_rows_read")]
    internal static partial ulong ResultStorageRowsRead(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_storage_bytes_read")]
    internal static partial ulong ResultStorageBytesRead(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_rows_written")]
    internal static partial ulong ResultRowsWritten(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_bytes_written")]
    internal static partial ulong ResultBytesWritten(nint result);

    [LibraryImport(Name, EntryPoint = "chdb_result_elapsed")]
    internal static partial double ResultElapsed(nint result);
}
