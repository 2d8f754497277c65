using System.Runtime.InteropServices;

namespace Telemetry.Host.Commands;

/// <summary>The end of this process at once, whatever its threads do.</summary>
internal static partial class ProcessExit
{
    /// <summary>
    /// Ends the process without the exit handlers of native libraries: with threads of theirs still at work these may wait for the very call
    /// that hangs, or abort, so that the code told is not this one (POSIX, <c>_exit</c>).
    /// </summary>
    /// <param name="code">Exit code, 0 to 255.</param>
    public static void Now(int code)
    {
        Console.Out.Flush();
        Console.Error.Flush();
        Exit(code);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial void Exit(int code);
}
