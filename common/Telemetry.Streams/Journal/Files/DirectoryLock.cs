namespace Telemetry.Streams.Journal.Files;

/// <summary>Held while a process has the log open (flock on Unix); the operating system lets go when the process ends.</summary>
internal sealed class DirectoryLock : IDisposable
{
    private readonly FileStream _file;

    private DirectoryLock(FileStream file) => _file = file;

    /// <exception cref="RecordLogException"><see cref="RecordLogError.Locked"/>.</exception>
    public static DirectoryLock Take(string directory)
    {
        var path = Path.Combine(directory, "LOCK");
        try
        {
            return new DirectoryLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None));
        }
        catch (IOException error)
        {
            throw new RecordLogException(
                RecordLogError.Locked,
                $"The log in '{directory}' is open in another process (its lock file '{path}' is held). " +
                "Stop that process, or give this one a directory of its own.",
                error);
        }
    }

    public void Dispose() => _file.Dispose();
}
