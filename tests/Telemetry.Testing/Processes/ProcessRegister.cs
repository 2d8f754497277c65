using System.Globalization;

namespace Telemetry.Testing.Processes;

/// <summary>
/// A file of the processes a run has started, one <c>pid starttime name</c> a line, so that whoever cleans up after a run that
/// was itself killed ends exactly those. A process is known by its id and its start (<c>/proc/PID/stat</c> field 22, in clock
/// ticks since boot): an id alone may belong to somebody else by then.
/// </summary>
public sealed class ProcessRegister(string file)
{
    private readonly Lock _gate = new();

    /// <summary>Writes a process down.</summary>
    public void Add(int pid, string name)
    {
        if (StartTime(pid) is { } started)
        {
            lock (_gate)
            {
                File.AppendAllText(file, string.Create(CultureInfo.InvariantCulture, $"{pid} {started} {name}\n"));
            }
        }
    }

    /// <summary>Those of the file that still run.</summary>
    public IReadOnlyList<(int Pid, string Name)> Running()
    {
        lock (_gate)
        {
            if (!File.Exists(file))
            {
                return [];
            }

            return [.. from line in File.ReadLines(file)
                       let parts = line.Split(' ', 3)
                       where parts.Length == 3
                       let pid = int.Parse(parts[0], CultureInfo.InvariantCulture)
                       where StartTime(pid) == ulong.Parse(parts[1], CultureInfo.InvariantCulture)
                       select (pid, parts[2])];
        }
    }

    /// <summary>True when the process of this id is one of the file and runs.</summary>
    public bool IsRunning(int pid) => Running().Any(p => p.Pid == pid);

    /// <summary>SIGKILL to a process of the file, and a wait until it is gone. Nothing when it is none or has ended.</summary>
    public async Task KillAsync(int pid)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (IsRunning(pid))
        {
            ProcessSignal.Kill(pid);
            await timer.WaitForNextTickAsync();
        }
    }

    /// <summary>Kills those that still run.</summary>
    /// <returns>How many there were.</returns>
    public int KillAll()
    {
        var running = Running();
        foreach (var (pid, _) in running)
        {
            ProcessSignal.Kill(pid);
        }

        return running.Count;
    }

    /// <summary>Start of a process in clock ticks since boot; null when it is gone or a zombie.</summary>
    internal static ulong? StartTime(int pid)
    {
        const int startTime = 22;
        const int state = 3;
        try
        {
            var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : ulong.Parse(fields[startTime - state], CultureInfo.InvariantCulture);
        }
        catch (IOException)
        {
            return null;
        }
    }
}
