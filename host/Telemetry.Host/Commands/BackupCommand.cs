using System.CommandLine;
using System.Globalization;
using Telemetry.Host.Api;
using Telemetry.Host.Backup;
using Telemetry.Host.Configuration;
using Telemetry.Host.Naming;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary>Log and store of one moment, copied out of a data directory whether or not a process runs over it.</summary>
internal static class BackupCommand
{
    public static Command Create()
    {
        var to = new Option<string>("--to") { Description = "Folder for the backup; created if it does not exist, and must be empty.", Required = true };
        var api = new ApiOption();
        var command = new Command(
            "backup",
            "Copies log and store of --data, as of one moment, also while the platform runs over it; devices are acknowledged meanwhile. Runs on the machine of the platform. "
            + "Users and settings outside --data are not copied. Over Kafka or a ClickHouse server use their own backups (docs/howto/backup.md).")
        {
            to,
        };
        api.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var data = new DataDirectory(api.Load(result).Data);
            var folder = Empty(result.GetValue(to)!);
            var view = new WorkView(live: true);
            var backup = File.Exists(data.Instance)
                ? await OfRunningAsync(result, api, folder, view, cancellationToken)
                : await OfStoppedAsync(data, folder, view, cancellationToken);
            backup.Write(folder);
            await result.InvocationConfiguration.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{folder}: {backup.Files.Count:N0} files, {backup.Bytes / 1e6:N1} MB, log and store as of {backup.At:yyyy-MM-ddTHH:mm:ssZ}. Put it back with telemetry restore --from {folder} --data DIR"));
            return 0;
        });
        return command;
    }

    private static async Task<BackupManifest> OfRunningAsync(
        ParseResult result, ApiOption api, string folder, WorkView view, CancellationToken cancellationToken)
    {
        using var client = api.Connect(result, TimeSpan.FromMinutes(10));
        await Console.Error.WriteLineAsync("Holding log and store as they are now ...");
        var answer = await client.SendAsync(HttpMethod.Post, "api/v1/snapshot", null, cancellationToken);
        try
        {
            var snapshot = BackupManifest.Read(answer.GetProperty("folder").GetString()!);
            return await view.RunAsync(async progress =>
                snapshot with { Files = await BackupCopy.TakeAsync(snapshot.Files, folder, progress, cancellationToken) });
        }
        finally
        {
            await ClearAsync(client);
        }
    }

    private static async Task ClearAsync(ApiClient client)
    {
        using var done = await client.OpenAsync(HttpMethod.Delete, "api/v1/snapshot", null, null, CancellationToken.None);
    }

    /// <summary>Nobody may start over it meanwhile: the log's lock is held.</summary>
    private static async Task<BackupManifest> OfStoppedAsync(DataDirectory data, string folder, WorkView view, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(data.Journal))
        {
            throw new IOException($"There is no log in {data.Root}: give the --data DIR of the platform. Kafka and a ClickHouse server have backups of their own.");
        }

        await using var held = Hold(Path.Combine(data.Journal, "LOCK"));
        var files = DataFiles.All(data);
        return await view.RunAsync(async progress => new BackupManifest(
            BackupManifest.FormatNow, ProgramVersion.Text, DateTimeOffset.UtcNow, await BackupCopy.TakeAsync(files, folder, progress, cancellationToken)));
    }

    private static FileStream Hold(string file)
    {
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new IOException($"{Path.GetDirectoryName(file)} is in use by a process that has written no instance.json. Stop that process, then make the backup.", e);
        }
    }

    private static string Empty(string folder)
    {
        var full = Path.GetFullPath(folder);
        if (Directory.Exists(full) && Directory.EnumerateFileSystemEntries(full).Any())
        {
            throw new IOException($"--to {full} is not empty. Give a folder that is, or one that is not there yet.");
        }

        Directory.CreateDirectory(full);
        return full;
    }
}
