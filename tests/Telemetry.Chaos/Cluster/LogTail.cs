using System.Text;

namespace Telemetry.Chaos.Cluster;

/// <summary>The end of a file that another process writes.</summary>
internal static class LogTail
{
    private const int TailBytes = 64 * 1024;

    /// <summary>Whole lines among the last 64 KiB; none when there is no file.</summary>
    public static IReadOnlyList<string> Lines(string file)
    {
        if (!File.Exists(file))
        {
            return [];
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var cut = stream.Length > TailBytes;
        stream.Seek(cut ? -TailBytes : 0, cut ? SeekOrigin.End : SeekOrigin.Begin);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var lines = reader.ReadToEnd().Split('\n');
        return [.. lines.Skip(cut ? 1 : 0).SkipLast(1)]; // The first may be cut, the last is not ended.
    }

    /// <summary>The last line with something in it; empty when there is none.</summary>
    public static string LastLine(string file) =>
        Lines(file).LastOrDefault(l => !string.IsNullOrWhiteSpace(l))?.Trim() ?? "";
}
