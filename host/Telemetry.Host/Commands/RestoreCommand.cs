using System.CommandLine;
using System.Globalization;
using Telemetry.Host.Backup;
using Telemetry.Host.Views;

namespace Telemetry.Host.Commands;

/// <summary>Puts a backup into a data directory that is empty.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "Folder of the backup.", Required = true };
        var shared = new SharedOptions();
        var command = new Command(
            "restore", "Puts a backup into --data, which must be empty, and compares every file with its checksum. Start the platform over it afterwards; telemetry audit says that nothing is missing.")
        {
            from,
        };
        shared.AddTo(command);
        command.SetAction(async (result, cancellationToken) =>
        {
            var data = shared.Load(result).Data;
            var source = Path.GetFullPath(result.GetValue(from)!);
            var backup = BackupManifest.Read(source);
            if (Directory.Exists(data) && Directory.EnumerateFileSystemEntries(data).Any())
            {
                throw new IOException($"{data} is not empty; a backup is never put over other data. Give another with --data DIR, or move that one away.");
            }

            Directory.CreateDirectory(data);
            await new WorkView(live: true).RunAsync(async progress =>
            {
                await BackupCopy.PutAsync(backup, source, data, progress, cancellationToken);
                return 0;
            });
            await result.InvocationConfiguration.Output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{data} is as of {backup.At:yyyy-MM-ddTHH:mm:ssZ}: {backup.Files.Count:N0} files, {backup.Bytes / 1e6:N1} MB, every checksum right. Start it with telemetry up --data {data}"));
            return 0;
        });
        return command;
    }
}
