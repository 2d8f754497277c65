namespace Telemetry.Streams.Journal.Files;

/// <summary>
/// The file system, as little of it as the journal needs. Every access of the journal goes through here, so that tests can
/// put faults in between or run on a simulated disk that loses what was not synced.
/// </summary>
internal interface IJournalFiles
{
    /// <summary>Takes the directory for this process, until the answer is disposed. Creates it, durably, when it is missing.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.Locked"/>.</exception>
    IDisposable Lock(string directory);

    /// <summary>Opens for reading and writing, creating it when it is missing.</summary>
    IJournalFile Open(string path);

    bool Exists(string path);

    /// <summary>When a file was created.</summary>
    DateTimeOffset CreatedAt(string path);

    /// <summary>Gives a file another name in one step; a file that has that name already is replaced.</summary>
    void Move(string from, string to);

    /// <summary>Gives a file a second name on the same file system.</summary>
    void Link(string from, string to) => throw new NotSupportedException("These files cannot be linked.");

    /// <summary>Removes a file; does nothing when there is none.</summary>
    void Delete(string path);

    /// <summary>Paths of the files in a directory.</summary>
    IReadOnlyList<string> List(string directory);

    /// <summary>Paths of the directories in a directory.</summary>
    IReadOnlyList<string> ListDirectories(string directory);

    /// <summary>Creates a directory when it is missing; durable once the directory it lies in is synced.</summary>
    void CreateDirectory(string path);

    /// <summary>Removes a directory and everything in it.</summary>
    void DeleteDirectory(string path);

    /// <summary>Makes creations, renames and removals in a directory durable.</summary>
    void SyncDirectory(string path);

    long FreeBytes(string path);
}

/// <summary>One open file. Reads may run beside a write; there is one writer.</summary>
internal interface IJournalFile : IDisposable
{
    long Length { get; }

    /// <summary>Writes all of it or throws.</summary>
    void Write(long position, ReadOnlyMemory<byte> bytes);

    /// <summary>Reads until the span is full or the file ends.</summary>
    int Read(long position, Span<byte> bytes);

    void Sync();

    void SetLength(long length);
}

internal static class JournalFilesExtensions
{
    /// <summary>A whole file, which must exist.</summary>
    public static byte[] ReadAll(this IJournalFiles files, string path)
    {
        using var file = files.Open(path);
        var bytes = new byte[file.Length];
        var read = file.Read(0, bytes);
        return read == bytes.Length ? bytes : bytes[..read];
    }

    public static long LengthOf(this IJournalFiles files, string path)
    {
        using var file = files.Open(path);
        return file.Length;
    }
}
