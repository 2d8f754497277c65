using Telemetry.Host.Configuration;

namespace Telemetry.Host.Backup;

/// <summary>Which files of a data directory a backup takes.</summary>
internal static class DataFiles
{
    /// <summary>Names of what only says how things are now.</summary>
    private static readonly string[] Passing = ["LOCK", "status", "instance.json", "instance-clickhouse.json", BackupManifest.FileName];

    /// <summary>Folders that are made anew, or hold what is on its way.</summary>
    private static readonly string[] PassingFolders = ["shadow", "tmp", "preprocessed_configs", "logs", "flags"];

    /// <summary>All files of a directory that nobody writes.</summary>
    public static IReadOnlyList<BackupFile> All(DataDirectory data) => [.. Below(data.Root, "", data.Snapshots)];

    /// <summary>
    /// What lies beside log and store: schemas, tokens, users, audit. Not the simulator's ledger: its fleet goes on, so it would say more, or less, than the log.
    /// </summary>
    public static IReadOnlyList<BackupFile> BesideLogAndStore(DataDirectory data) =>
        [.. Below(data.Root, "", data.Snapshots, data.Journal, data.ClickHouse, data.Forward, data.Ledger)];

    /// <summary>What a store needs beside the parts of its tables: definitions and layout.</summary>
    public static IReadOnlyList<BackupFile> Definitions(DataDirectory data) =>
    [
        .. Below(data.ClickHouse, Path.GetFileName(data.ClickHouse))
            .Where(f => f.Link is not null || Path.GetExtension(f.Path) is ".sql" || Path.GetFileName(f.Path) is "format_version.txt" or "uuid"),
    ];

    /// <summary>Files below a folder, each with its path under another.</summary>
    /// <param name="folder">Where to look.</param>
    /// <param name="under">Where they belong.</param>
    /// <param name="without">Folders that are left out.</param>
    public static IEnumerable<BackupFile> Below(string folder, string under, params string[] without)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            var path = Path.Combine(under, entry.Name);
            if (entry.LinkTarget is { } target)
            {
                yield return new BackupFile(path, 0, Link: target);
            }
            else if (entry is FileInfo file)
            {
                if (!Passing.Contains(file.Name))
                {
                    yield return new BackupFile(path, file.Length, file.FullName);
                }
            }
            else if (!without.Contains(entry.FullName) && !PassingFolders.Contains(entry.Name))
            {
                foreach (var below in Below(entry.FullName, path, without))
                {
                    yield return below;
                }
            }
        }
    }
}
