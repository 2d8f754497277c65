namespace Telemetry.Streams.Journal.Files;

/// <summary>The operating system's files, as little of them as the journal needs: tests put faults in between.</summary>
internal interface IJournalFiles
{
    /// <summary>Opens for reading and writing, creating it when it is missing.</summary>
    IJournalFile Open(string path);

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
