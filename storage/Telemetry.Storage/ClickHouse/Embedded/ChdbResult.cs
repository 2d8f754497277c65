using System.Runtime.InteropServices;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>A result of libchdb: bytes in the engine's memory, freed on dispose.</summary>
internal sealed unsafe class ChdbResult : IDisposable
{
    private ChdbResult(nint handle) => Handle = handle;

    public nint Handle { get; private set; }

    public ReadOnlySpan<byte> Bytes => new(LibChdb.ResultBuffer(Handle), checked((int)LibChdb.ResultLength(Handle)));

    public ulong RowsRead => LibChdb.ResultRowsRead(Handle);

    public ClickHouseSummary Summary => new(
        LibChdb.ResultStorageRowsRead(Handle),
        LibChdb.ResultStorageBytesRead(Handle),
        TimeSpan.FromSeconds(LibChdb.ResultElapsed(Handle)));

    /// <summary>Everything in the result, copied.</summary>
    public EngineAnswer ToAnswer() => new(
        Bytes.ToArray(),
        LibChdb.ResultStorageRowsRead(Handle),
        LibChdb.ResultStorageBytesRead(Handle),
        LibChdb.ResultRowsWritten(Handle),
        LibChdb.ResultBytesWritten(Handle),
        RowsRead,
        TimeSpan.FromSeconds(LibChdb.ResultElapsed(Handle)));

    /// <summary>Owns <paramref name="handle"/>, or frees it and throws the error in it.</summary>
    public static ChdbResult Take(nint handle)
    {
        if (handle == 0)
        {
            throw new ClickHouseException(0, "The ClickHouse engine gave no result.");
        }

        var error = LibChdb.ResultError(handle);
        if (error is null)
        {
            return new ChdbResult(handle);
        }

        var message = Marshal.PtrToStringUTF8((nint)error) ?? "";
        LibChdb.DestroyResult(handle);
        throw ClickHouseErrors.Parse(message);
    }

    public void Dispose()
    {
        if (Handle != 0)
        {
            LibChdb.DestroyResult(Handle);
            Handle = 0;
        }
    }
}
