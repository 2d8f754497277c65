using System.Globalization;

namespace Telemetry.Edge.Hosting;

/// <summary>How many files, and so sockets, this process may open.</summary>
internal static class OpenFiles
{
    /// <summary>The soft limit, which the runtime raises to the hard one at start; null where it cannot be told.</summary>
    public static long? Limit()
    {
        const string Path = "/proc/self/limits";
        const string Name = "Max open files";
        if (!File.Exists(Path))
        {
            return null;
        }

        var line = File.ReadLines(Path).FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }
}
