using System.Runtime.InteropServices;

namespace Telemetry.Testing.Processes;

/// <summary>POSIX signals by process id (Linux numbers).</summary>
public static partial class ProcessSignal
{
    private const int Sigkill = 9;
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int Sigstop = 19;

    /// <summary>SIGKILL: a crash.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Kill(int pid) => Send(pid, Sigkill);

    /// <summary>SIGTERM: the orderly stop.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Terminate(int pid) => Send(pid, Sigterm);

    /// <summary>SIGSTOP: the process stands still and loses nothing.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Pause(int pid) => Send(pid, Sigstop);

    /// <summary>SIGCONT: the process goes on.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Resume(int pid) => Send(pid, Sigcont);

    private static bool Send(int pid, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2); // 0, 1 and negative ids mean groups, or all.
        return kill(pid, signal) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
