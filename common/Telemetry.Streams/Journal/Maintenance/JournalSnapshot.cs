using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>Second names for every file of a log that stands still.</summary>
internal static class JournalSnapshot
{
    /// <summary>A file that is being made under this name is not part of the log yet.</summary>
    private const string Unfinished = ".new";

    /// <param name="files">The file system.</param>
    /// <param name="log">Folder of the log.</param>
    /// <param name="to">Folder of the snapshot.</param>
    /// <param name="found">Takes the path of each file below the folder, and its bytes.</param>
    public static void Link(IJournalFiles files, string log, string to, List<(string Path, long Bytes)> found)
    {
        foreach (var folder in (ReadOnlySpan<string>)["commits", "topics"])
        {
            LinkFolder(files, log, folder, to, found);
        }
    }

    private static void LinkFolder(IJournalFiles files, string log, string folder, string to, List<(string Path, long Bytes)> found)
    {
        Directory.CreateDirectory(Path.Combine(to, folder));
        foreach (var file in files.List(Path.Combine(log, folder)).Where(f => !f.EndsWith(Unfinished, StringComparison.Ordinal)))
        {
            var path = Path.Combine(folder, Path.GetFileName(file));
            files.Link(file, Path.Combine(to, path));
            found.Add((path, files.LengthOf(file)));
        }

        foreach (var below in files.ListDirectories(Path.Combine(log, folder)))
        {
            LinkFolder(files, log, Path.Combine(folder, Path.GetFileName(below)), to, found);
        }
    }
}
