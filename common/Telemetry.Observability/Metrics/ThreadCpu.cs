using System.Globalization;

namespace Telemetry.Observability.Metrics;

/// <summary>
/// CPU time of this process by group of threads, read from <c>/proc/self/task</c>. Threads carry the name of the role
/// that runs on them; those that ended are counted in what their process used in all. Linux only; elsewhere empty.
/// </summary>
public static class ThreadCpu
{
    /// <summary>Seconds of CPU by thread name, and under <c>total</c> of the whole process.</summary>
    public static IReadOnlyDictionary<string, double> Read()
    {
        var byName = new Dictionary<string, double>(StringComparer.Ordinal);
        if (!OperatingSystem.IsLinux())
        {
            return byName;
        }

        foreach (var task in Directory.EnumerateDirectories("/proc/self/task"))
        {
            if (TryReadStat(Path.Combine(task, "stat"), out var name, out var seconds))
            {
                byName[name] = byName.GetValueOrDefault(name) + seconds;
            }
        }

        if (TryReadStat("/proc/self/stat", out _, out var total))
        {
            byName["total"] = total;
        }

        return byName;
    }

    private static bool TryReadStat(string path, out string name, out double seconds)
    {
        name = "";
        seconds = 0;
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (IOException)
        {
            return false; // The thread ended between listing and reading.
        }

        // proc(5): pid (comm) state ...; comm may hold spaces and parentheses, so split behind the last one.
        var open = text.IndexOf('(', StringComparison.Ordinal);
        var close = text.LastIndexOf(')');
        if (open < 0 || close < open)
        {
            return false;
        }

        name = text[(open + 1)..close];
        var fields = text[(close + 2)..].Split(' ');
        var ticks = double.Parse(fields[11], CultureInfo.InvariantCulture) + double.Parse(fields[12], CultureInfo.InvariantCulture);
        seconds = ticks / 100; // USER_HZ is 100 on every Linux .NET runs on.
        return true;
    }
}
