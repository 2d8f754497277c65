using Microsoft.Win32.SafeHandles;

namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>
/// Data on its way into the engine, which reads <see cref="Path"/>: in memory (memfd) while small, then in a temporary
/// file that goes with the process.
/// </summary>
public sealed class InsertFile : IDisposable
{
    private readonly long _memoryBytes;
    private readonly string _directory;
    private SafeFileHandle _handle;
    private bool _onDisk;

    /// <param name="memoryBytes">Most bytes kept in memory.</param>
    /// <param name="directory">Folder of the temporary file.</param>
    public InsertFile(long memoryBytes, string directory)
    {
        _memoryBytes = memoryBytes;
        _directory = directory;
        _handle = MemoryFile.CreateHandle();
    }

    /// <summary>Where the engine reads.</summary>
    public string Path => $"/proc/self/fd/{_handle.DangerousGetHandle()}";

    /// <summary>Bytes written so far.</summary>
    public long Length { get; private set; }

    /// <summary>Writes behind what is there.</summary>
    /// <exception cref="IOException">The disk is full.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (!_onDisk && Length + bytes.Length > _memoryBytes)
        {
            MoveToDisk();
        }

        RandomAccess.Write(_handle, bytes, Length);
        Length += bytes.Length;
    }

    /// <summary>Reads from a place on.</summary>
    /// <returns>Bytes read; 0 at the end.</returns>
    public int Read(Span<byte> buffer, long offset) => RandomAccess.Read(_handle, buffer, offset);

    public void Dispose() => _handle.Dispose();

    private void MoveToDisk()
    {
        Directory.CreateDirectory(_directory);
        var file = File.OpenHandle(
            System.IO.Path.Combine(_directory, $"insert-{Guid.NewGuid():N}.tmp"),
            FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete, FileOptions.DeleteOnClose);
        var buffer = new byte[64 * 1024];
        for (long offset = 0; RandomAccess.Read(_handle, buffer, offset) is > 0 and var read; offset += read)
        {
            RandomAccess.Write(file, buffer.AsSpan(0, read), offset);
        }

        _handle.Dispose();
        _handle = file;
        _onDisk = true;
    }
}
