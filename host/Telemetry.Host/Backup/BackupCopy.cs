using System.Buffers;
using System.Security.Cryptography;
using Telemetry.Storage.Audit;

namespace Telemetry.Host.Backup;

/// <summary>Copies the files of a backup, with their checksums, and puts them back.</summary>
internal static class BackupCopy
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Copies every file into a folder.</summary>
    /// <returns>The files with their checksums.</returns>
    public static async Task<IReadOnlyList<BackupFile>> TakeAsync(
        IReadOnlyList<BackupFile> files, string folder, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var taken = new List<BackupFile>(files.Count);
        var (done, total) = (0L, files.Sum(f => f.Bytes));
        foreach (var file in files)
        {
            progress.Report(new WorkProgress("Copying", done >> 20, Math.Max(1, total >> 20), "MiB"));
            taken.Add(file.Link is null
                ? file with { Source = null, Sha256 = await CopyAsync(file.Source!, Path.Combine(folder, file.Path), file.Bytes, cancellationToken) }
                : file);
            done += file.Bytes;
        }

        return taken;
    }

    /// <summary>Puts every file of a backup into a folder, and compares it with its checksum.</summary>
    /// <exception cref="IOException">A file is not what it was; the message names it.</exception>
    public static async Task PutAsync(
        BackupManifest backup, string from, string folder, IProgress<WorkProgress> progress, CancellationToken cancellationToken)
    {
        var (done, total) = (0L, backup.Bytes);
        foreach (var file in backup.Files)
        {
            progress.Report(new WorkProgress("Restoring", done >> 20, Math.Max(1, total >> 20), "MiB"));
            var to = Inside(folder, file.Path);
            if (file.Link is { } target)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.CreateSymbolicLink(to, target);
                continue;
            }

            var sum = await CopyAsync(Path.Combine(from, file.Path), to, file.Bytes, cancellationToken);
            if (sum != file.Sha256)
            {
                throw new IOException($"{file.Path} in {from} is not what was backed up (its SHA-256 differs). Nothing can be said for this backup; use another one.");
            }

            done += file.Bytes;
        }
    }

    /// <exception cref="IOException">The path leads out of the folder.</exception>
    private static string Inside(string folder, string path)
    {
        var full = Path.GetFullPath(Path.Combine(folder, path));
        return full.StartsWith(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)) + Path.DirectorySeparatorChar, StringComparison.Ordinal)
            ? full
            : throw new IOException($"The backup names {path}, which leads out of {folder}. It is left alone.");
    }

    private static async Task<string> CopyAsync(string from, string to, long bytes, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(to)!);
        await using var source = new FileStream(from, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 0);
        await using var target = new FileStream(to, FileMode.CreateNew, FileAccess.Write, FileShare.None, 0);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (var left = bytes; left > 0;)
            {
                var read = await source.ReadAsync(buffer.AsMemory(0, (int)Math.Min(left, buffer.Length)), cancellationToken);
                if (read == 0)
                {
                    throw new IOException($"{from} ends {left} bytes before its end of {bytes}.");
                }

                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                left -= read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        target.Flush(flushToDisk: true);
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
