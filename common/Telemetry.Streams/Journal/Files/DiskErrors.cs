namespace Telemetry.Streams.Journal.Files;

/// <summary>Tells "no space" from every other fault of a disk.</summary>
internal static class DiskErrors
{
    private const int NoSpace = 28; // ENOSPC
    private const int QuotaExceeded = 122; // EDQUOT
    private const int WindowsDiskFull = unchecked((int)0x80070070); // ERROR_DISK_FULL

    /// <summary>Fsync. A failure is final whatever its cause: the kernel may have dropped the pages already.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.WriteFailed"/>.</exception>
    public static void Sync(IJournalFile file, string path)
    {
        try
        {
            file.Sync();
        }
        catch (IOException error)
        {
            throw WriteFailed(path, error);
        }
    }

    /// <summary>Takes away a file's end, durably.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.WriteFailed"/>.</exception>
    public static void Cut(IJournalFile file, string path, long length)
    {
        try
        {
            file.SetLength(length);
            file.Sync();
        }
        catch (IOException error)
        {
            throw WriteFailed(path, error);
        }
    }

    /// <summary>Makes what a directory lists durable. A failure is final, as with a file.</summary>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.WriteFailed"/>.</exception>
    public static void SyncDirectory(IJournalFiles files, string path)
    {
        try
        {
            files.SyncDirectory(path);
        }
        catch (IOException error)
        {
            throw WriteFailed(path, error);
        }
    }

    public static RecordLogException WriteFailed(string path, Exception error) => new(
        RecordLogError.WriteFailed,
        $"Writing '{path}' failed: {error.Message} What is on disk is unknown until the log is opened again: " +
        "check the disk and restart the process.",
        error);

    public static bool IsDiskFull(IOException error) =>
        error.HResult is NoSpace or QuotaExceeded or WindowsDiskFull;
}
