using System.Globalization;

namespace Telemetry.Edge.Sockets;

/// <summary>How many files, and so sockets, this process may open.</summary>
internal static class OpenFiles
{
    private const string Limits = "/proc/self/limits";
    private const string Open = "/proc/self/fd";

    /// <summary>The soft limit, which the runtime raises to the hard one at start; null where it cannot be told.</summary>
    public static long? Limit()
    {
        const string Name = "Max open files";
        if (!File.Exists(Limits))
        {
            return null;
        }

        var line = File.ReadLines(Limits).FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
        var soft = line?[Name.Length..].Split(' ', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(soft, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) ? limit : null;
    }

    /// <summary>Files open now; 0 where it cannot be told.</summary>
    public static int Count()
    {
        try
        {
            return Directory.Exists(Open) ? Directory.EnumerateFileSystemEntries(Open).Count() : 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // A container may hide it. The reserve is then all there is for what is open already.
            return 0;
        }
    }
}
