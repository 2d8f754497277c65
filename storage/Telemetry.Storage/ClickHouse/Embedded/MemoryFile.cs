using System.ComponentModel;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// A file in memory (Linux memfd) that hands a block of bytes to the engine: it reads <see cref="Path"/>. Binary data
/// must not stand behind the query text, where the engine skips leading white space and stops at an empty line.
/// </summary>
internal sealed partial class MemoryFile : IDisposable
{
    private const int KeepBytes = 16 << 20;
    private const uint CloseOnExec = 1;

    private readonly SafeFileHandle _handle;

    public MemoryFile()
    {
        _handle = CreateHandle();
        Path = $"/proc/self/fd/{_handle.DangerousGetHandle()}";
    }

    public string Path { get; }

    /// <summary>An empty file in memory.</summary>
    public static SafeFileHandle CreateHandle()
    {
        var descriptor = MemfdCreate("telemetry-block", CloseOnExec);
        return descriptor >= 0
            ? new SafeFileHandle(descriptor, ownsHandle: true)
            : throw new Win32Exception(Marshal.GetLastPInvokeError(), "memfd_create failed");
    }

    /// <summary>Makes <paramref name="block"/> the whole content.</summary>
    public void Write(ReadOnlySpan<byte> block)
    {
        RandomAccess.Write(_handle, block, 0);
        RandomAccess.SetLength(_handle, block.Length);
    }

    /// <summary>Gives the memory of an uncommonly large block back.</summary>
    public void Trim()
    {
        if (RandomAccess.GetLength(_handle) > KeepBytes)
        {
            RandomAccess.SetLength(_handle, 0);
        }
    }

    public void Dispose() => _handle.Dispose();

    [LibraryImport("libc", EntryPoint = "memfd_create", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MemfdCreate(string name, uint flags);
}
