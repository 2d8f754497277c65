using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Telemetry.Testing.Processes;

/// <summary>POSIX signals by process id (Linux numbers).</summary>
public static partial class ProcessSignal
{
    private const int Sighup = 1;
    private const int Sigint = 2;
    private const int Sigkill = 9;
    private const int Sigusr1 = 10;
    private const int Sigterm = 15;
    private const int Sigcont = 18;
    private const int Sigstop = 19;
    private static readonly TimeSpan PauseLimit = TimeSpan.FromSeconds(30);

    /// <summary>SIGHUP: read settings again.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool HangUp(int pid) => Send(pid, Sighup);

    /// <summary>SIGINT: Ctrl-C.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Interrupt(int pid) => Send(pid, Sigint);

    /// <summary>SIGKILL: a crash.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Kill(int pid) => Send(pid, Sigkill);

    /// <summary>SIGTERM: the orderly stop.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Terminate(int pid) => Send(pid, Sigterm);

    /// <summary>SIGSTOP: the process stands still and loses nothing. Returns when every thread of it does.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Pause(int pid)
    {
        if (!Send(pid, Sigstop))
        {
            return false;
        }

        AwaitPaused(pid);
        return true;
    }

    /// <summary>SIGUSR1: what it means is the program's affair.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool User1(int pid) => Send(pid, Sigusr1);

    /// <summary>
    /// The signal goes to one thread, which stops the others once it gets a core: until then they work on, on a loaded machine for
    /// a while.
    /// </summary>
    /// <exception cref="TimeoutException">A thread went on for longer than anybody should wait.</exception>
    public static void AwaitPaused(int pid)
    {
        var started = Stopwatch.GetTimestamp();
        while (!StandsStill(pid))
        {
            if (Stopwatch.GetElapsedTime(started) > PauseLimit)
            {
                throw new TimeoutException($"Process {pid} did not stand still within {PauseLimit.TotalSeconds} s of SIGSTOP.");
            }

            Thread.Sleep(1);
        }
    }

    /// <summary>SIGCONT: the process goes on.</summary>
    /// <returns>False when there is no such process.</returns>
    public static bool Resume(int pid) => Send(pid, Sigcont);

    private static bool StandsStill(int pid)
    {
        try
        {
            // The state follows the program's name, which may hold anything and ends with the last parenthesis.
            return Directory.EnumerateDirectories($"/proc/{pid}/task")
                .Select(thread => File.ReadAllText(Path.Combine(thread, "stat")))
                .All(stat => stat[stat.LastIndexOf(')') + 2] is 'T' or 't' or 'Z' or 'X');
        }
        catch (IOException)
        {
            return !Directory.Exists($"/proc/{pid}"); // A thread ended while we looked: look again.
        }
    }

    private static bool Send(int pid, int signal)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pid, 2); // 0, 1 and negative ids mean groups, or all.
        return kill(pid, signal) == 0;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
