using Telemetry.Streams.Journal.Files;

namespace Telemetry.Tests.Streams;

/// <summary>Real files on a disk that fills up or fails when told.</summary>
internal sealed class FaultyFiles : IJournalFiles
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    private long _room = long.MaxValue;
    private volatile bool _syncFails;
    private volatile bool _writeFails;
    private volatile bool _deleteFails;
    private volatile bool _freeBytesFails;

    public bool SyncFails
    {
        get => _syncFails;
        set => _syncFails = value;
    }

    /// <summary>Files cannot be removed: access denied.</summary>
    public bool DeleteFails
    {
        get => _deleteFails;
        set => _deleteFails = value;
    }

    /// <summary>The free space cannot be asked for.</summary>
    public bool FreeBytesFails
    {
        get => _freeBytesFails;
        set => _freeBytesFails = value;
    }

    /// <summary>A write fails with an error that is not about space.</summary>
    public bool WriteFails
    {
        get => _writeFails;
        set => _writeFails = value;
    }

    /// <summary>Bytes that can still be written; the write that does not fit is done in part, as a real one.</summary>
    public long Room
    {
        get => Interlocked.Read(ref _room);
        set => Interlocked.Exchange(ref _room, value);
    }

    public IJournalFile Open(string path) => new FaultyFile(SystemFiles.Instance.Open(path), this);

    public IDisposable Lock(string directory) => SystemFiles.Instance.Lock(directory);

    public bool Exists(string path) => SystemFiles.Instance.Exists(path);

    public DateTimeOffset CreatedAt(string path) => SystemFiles.Instance.CreatedAt(path);

    public void Move(string from, string to) => SystemFiles.Instance.Move(from, to);

    public void Delete(string path)
    {
        if (DeleteFails)
        {
            throw new UnauthorizedAccessException($"Access to the path '{path}' is denied.");
        }

        SystemFiles.Instance.Delete(path);
    }

    public IReadOnlyList<string> List(string directory) => SystemFiles.Instance.List(directory);

    public IReadOnlyList<string> ListDirectories(string directory) => SystemFiles.Instance.ListDirectories(directory);

    public void CreateDirectory(string path) => SystemFiles.Instance.CreateDirectory(path);

    public void DeleteDirectory(string path) => SystemFiles.Instance.DeleteDirectory(path);

    public void SyncDirectory(string path) => SystemFiles.Instance.SyncDirectory(path);

    public long FreeBytes(string path) =>
        FreeBytesFails ? throw new IOException("Input/output error", InputOutput) : Room;

    private sealed class FaultyFile(IJournalFile inner, FaultyFiles owner) : IJournalFile
    {
        public long Length => inner.Length;

        public void Write(long position, ReadOnlyMemory<byte> bytes)
        {
            if (owner.WriteFails)
            {
                throw new IOException("Input/output error", InputOutput);
            }

            var fits = (int)Math.Min(bytes.Length, owner.Room);
            inner.Write(position, bytes[..fits]);
            if (owner.Room != long.MaxValue)
            {
                owner.Room -= fits;
            }

            if (fits < bytes.Length)
            {
                throw new IOException("No space left on device", NoSpace);
            }
        }

        public int Read(long position, Span<byte> bytes) => inner.Read(position, bytes);

        public void Sync()
        {
            if (owner.SyncFails)
            {
                throw new IOException("Input/output error", InputOutput);
            }

            inner.Sync();
        }

        public void SetLength(long length) => inner.SetLength(length);

        public void Dispose() => inner.Dispose();
    }
}
