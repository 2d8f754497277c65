using System.Diagnostics;
using System.Globalization;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>A small file system in memory (tmpfs), where the user may mount one.</summary>
internal static class SmallMount
{
    public static async Task<bool> TryMountAsync(string directory, int megabytes) =>
        OperatingSystem.IsLinux()
        && Environment.UserName == "root"
        && await RunAsync("mount", "-t", "tmpfs", "-o", string.Create(CultureInfo.InvariantCulture, $"size={megabytes}m"), "tmpfs", directory) == 0;

    public static Task<int> UnmountAsync(string directory) => RunAsync("umount", directory);

    private static async Task<int> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}
