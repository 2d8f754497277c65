using System.Globalization;

namespace Telemetry.Host.Composition;

/// <summary>A process that has a file or a port, as far as this user may see it (Linux, <c>/proc</c>).</summary>
/// <param name="Process">Its id.</param>
/// <param name="Command">Its command line, cut.</param>
internal sealed record Holder(int Process, string Command)
{
    private const int CommandLengthMax = 100;

    /// <summary>State of a listening socket in <c>/proc/net/tcp</c>.</summary>
    private const string Listening = "0A";

    private static readonly string[] SocketTables = ["/proc/net/tcp", "/proc/net/tcp6"];

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {Process} ({Command})");

    /// <summary>Who has a file open; null when that cannot be seen.</summary>
    public static Holder? OfFile(string path) => Find(link => link == path);

    /// <summary>Who listens on a TCP port; null when that cannot be seen.</summary>
    public static Holder? OfPort(int port)
    {
        var suffix = ":" + port.ToString("X4", CultureInfo.InvariantCulture);
        var sockets = SocketTables.Where(File.Exists)
            .SelectMany(File.ReadLines).Skip(1)
            .Select(line => line.Split(' ', StringSplitOptions.RemoveEmptyEntries))
            .Where(columns => columns.Length > 9 && columns[1].EndsWith(suffix, StringComparison.Ordinal) && columns[3] == Listening)
            .Select(columns => $"socket:[{columns[9]}]")
            .ToHashSet(StringComparer.Ordinal);
        return sockets.Count == 0 ? null : Find(sockets.Contains);
    }

    private static Holder? Find(Func<string, bool> isIt)
    {
        if (!Directory.Exists("/proc/self/fd"))
        {
            return null;
        }

        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var process) && Holds(folder, isIt))
            {
                return new Holder(process, CommandOf(folder));
            }
        }

        return null;
    }

    /// <summary>Processes of others cannot be looked into, and any may end meanwhile.</summary>
    private static bool Holds(string process, Func<string, bool> isIt)
    {
        try
        {
            return Directory.EnumerateFileSystemEntries(Path.Combine(process, "fd")).Any(file => new FileInfo(file).LinkTarget is { } target && isIt(target));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static string CommandOf(string process)
    {
        try
        {
            var command = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ').Trim();
            return command.Length <= CommandLengthMax ? command : command[..CommandLengthMax] + "...";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
