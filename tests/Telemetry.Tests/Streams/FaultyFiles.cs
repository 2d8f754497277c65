using Telemetry.Streams.Journal.Files;

namespace Telemetry.Tests.Streams;

/// <summary>Real files with a disk that fills up, or an fsync that fails, when told.</summary>
internal sealed class FaultyFiles : IJournalFiles
{
    private const int NoSpace = 28;
    private const int InputOutput = 5;

    private long _room = long.MaxValue;
    private volatile bool _syncFails;

    public bool SyncFails
    {
        get => _syncFails;
        set => _syncFails = value;
    }

    /// <summary>Bytes that can still be written; the write that does not fit is done in part, as a real one.</summary>
    public long Room
    {
        get => Interlocked.Read(ref _room);
        set => Interlocked.Exchange(ref _room, value);
    }

    public IJournalFile Open(string path) => new FaultyFile(SystemFiles.Instance.Open(path), this);

    public void SyncDirectory(string path) => SystemFiles.Instance.SyncDirectory(path);

    public long FreeBytes(string path) => Room;

    private sealed class FaultyFile(IJournalFile inner, FaultyFiles owner) : IJournalFile
    {
        public long Length => inner.Length;

        public void Write(long position, ReadOnlyMemory<byte> bytes)
        {
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
