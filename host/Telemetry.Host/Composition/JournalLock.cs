namespace Telemetry.Host.Composition;

/// <summary>The file that a process holds in a journal's directory while it has the journal open. The operating system lets go of it when the process ends, however it ends.</summary>
internal static class JournalLock
{
    private const string Name = "LOCK";

    /// <summary>Full path of the file, when a process holds it; null: the journal is not open.</summary>
    /// <param name="directory">The journal's directory; it need not be there.</param>
    public static string? FindHeld(string directory)
    {
        var file = Path.GetFullPath(Path.Combine(directory, Name));
        if (!File.Exists(file))
        {
            return null;
        }

        try
        {
            new FileStream(file, FileMode.Open, FileAccess.ReadWrite, FileShare.None).Dispose();
            return null;
        }
        catch (UnauthorizedAccessException)
        {
            return null; // The journal itself says what is wrong with it.
        }
        catch (IOException)
        {
            return file;
        }
    }
}
