using System.Globalization;
using Telemetry.Host.Backup;
using Telemetry.Host.Configuration;
using Telemetry.Host.Naming;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Streams.Journal;

namespace Telemetry.Host.Composition;

/// <summary>
/// Holds log and store of a running process as they are at one moment, for a backup to be copied from: the store stands still, its tables are frozen
/// (hard links), then every file of the log gets a second name. Devices are acknowledged meanwhile. One snapshot at a time; it takes no disk until
/// what it holds would be removed, and goes at the next start at the latest.
/// </summary>
internal sealed class SnapshotModule(PlatformServices services, StoreModule store) : RoleModule("snapshots")
{
    /// <summary>Of our names; the engine escapes whatever is no letter, digit or underscore.</summary>
    private const string Prefix = "telemetry_";

    private readonly SemaphoreSlim _one = new(1, 1);
    private readonly DataDirectory _data = new(services.Options.Data);

    private string Shadow => Path.Combine(_data.ClickHouse, "shadow");

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        Clear();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override ValueTask DisposeAsync()
    {
        _one.Dispose();
        return base.DisposeAsync();
    }

    /// <summary>Makes one, in place of a former one.</summary>
    /// <returns>The folder with its list of files.</returns>
    /// <exception cref="IOException">Another is being made, or this process has not both log and store.</exception>
    public async Task<string> MakeAsync(CancellationToken cancellationToken)
    {
        if (services.Log is not JournalLog journal || services.ClickHouse is not EmbeddedClickHouse)
        {
            throw new IOException(
                "A snapshot is of the embedded log and store in one process. Kafka and a ClickHouse server have backups of their own: docs/howto/backup.md says in which order.");
        }

        if (!await _one.WaitAsync(TimeSpan.Zero, cancellationToken))
        {
            throw new IOException("Another snapshot is being made. Wait for that backup to end.");
        }

        try
        {
            Clear();
            var at = services.Time.GetUtcNow();
            var name = Prefix + at.ToString("yyyyMMdd_HHmmss", CultureInfo.InvariantCulture);
            var folder = Path.Combine(_data.Snapshots, name);
            Directory.CreateDirectory(folder);
            var beside = DataFiles.BesideLogAndStore(_data).Select(f => Keep(f, folder)).ToList();
            IReadOnlyList<BackupFile> tables = [];
            IReadOnlyList<(string Path, long Bytes)> log = [];
            await store.StandStillAsync(
                async () =>
                {
                    tables = await FreezeAsync(name, folder, cancellationToken);
                    log = await journal.SnapshotAsync(Path.Combine(folder, "journal"), cancellationToken);
                },
                cancellationToken);
            var files = log.Select(f => new BackupFile(Path.Combine("journal", f.Path), f.Bytes, Path.Combine(folder, "journal", f.Path)));
            new BackupManifest(BackupManifest.FormatNow, ProgramVersion.Text, at, [.. beside, .. tables, .. files]).Write(folder);
            return folder;
        }
        catch
        {
            Clear();
            throw;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Lets go of what a snapshot holds.</summary>
    public void Clear()
    {
        if (Directory.Exists(_data.Snapshots))
        {
            Directory.Delete(_data.Snapshots, recursive: true);
        }

        foreach (var frozen in Directory.Exists(Shadow) ? Directory.GetDirectories(Shadow, Prefix + "*") : [])
        {
            Directory.Delete(frozen, recursive: true);
        }
    }

    private async Task<IReadOnlyList<BackupFile>> FreezeAsync(string name, string folder, CancellationToken cancellationToken)
    {
        var names = await services.ClickHouse!.QueryRowsAsync(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree' ORDER BY name", null, cancellationToken);
        foreach (var table in names.Select(row => row[0]))
        {
            await services.ClickHouse!.ExecuteAsync(new ClickHouseQuery($"ALTER TABLE `{table}` FREEZE WITH NAME '{name}'"), cancellationToken);
        }

        // A frozen table lies below the snapshot's name as it lies in the store.
        var frozen = Path.Combine(Shadow, name);
        return
        [
            .. DataFiles.Definitions(_data).Select(f => Keep(f, folder)),
            .. DataFiles.Below(frozen, Path.GetFileName(_data.ClickHouse)),
        ];
    }

    /// <summary>A small file as it is now.</summary>
    private static BackupFile Keep(BackupFile file, string folder)
    {
        if (file.Source is null)
        {
            return file;
        }

        var copy = Path.Combine(folder, file.Path);
        Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
        File.Copy(file.Source, copy);
        return file with { Source = copy, Bytes = new FileInfo(copy).Length };
    }
}
