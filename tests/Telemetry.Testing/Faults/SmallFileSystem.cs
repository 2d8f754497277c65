using System.Diagnostics;
using System.Globalization;

namespace Telemetry.Testing.Faults;

/// <summary>A file system in memory (tmpfs) of a given size that can be filled up and freed. Needs the right to mount.</summary>
public sealed class SmallFileSystem : IAsyncDisposable
{
    private const string BallastName = ".ballast";
    private const int BallastChunkBytes = 1 << 20;

    private SmallFileSystem(string directory) => Directory = directory;

    public string Directory { get; }

    private string Ballast => Path.Combine(Directory, BallastName);

    /// <summary>Mounts one over an empty folder; null where that is not permitted.</summary>
    public static async Task<SmallFileSystem?> TryMountAsync(string directory, int megabytes)
    {
        if (!OperatingSystem.IsLinux() || Environment.UserName != "root")
        {
            return null;
        }

        System.IO.Directory.CreateDirectory(directory);
        var size = string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m");
        return await RunAsync("mount", "-t", "tmpfs", "-o", size, "tmpfs", directory) == 0 ? new SmallFileSystem(directory) : null;
    }

    /// <summary>Takes all the space that is left: every later write fails with ENOSPC.</summary>
    public void Fill()
    {
        var zeros = new byte[BallastChunkBytes];
        using var file = new FileStream(Ballast, FileMode.Append, FileAccess.Write, FileShare.None, bufferSize: 0);
        for (var size = zeros.Length; size > 0;)
        {
            try
            {
                file.Write(zeros, 0, size);
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    /// <summary>Gives the space back.</summary>
    public void Free() => File.Delete(Ballast);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        // Lazily: whoever still has a file open in it was killed, and the kernel may take a moment to notice.
        await RunAsync("umount", "-l", Directory);
    }

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
