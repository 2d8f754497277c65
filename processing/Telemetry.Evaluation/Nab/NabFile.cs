using System.Globalization;
using System.Text.Json;

namespace Telemetry.Evaluation.Nab;

/// <summary>One file of the Numenta Anomaly Benchmark: values by time, and the windows in which something was wrong.</summary>
public sealed class NabFile
{
    private const string TimeFormat = "yyyy-MM-dd HH:mm:ss.FFFFFF";

    private static readonly string[] WindowFiles = ["windows.json", "combined_windows.json"];

    private NabFile(string name, long[] times, double[] values, (int First, int Last)[] windows) =>
        (Name, Times, Values, Windows) = (name, times, values, windows);

    /// <summary>Folder and file, as <c>realTweets/Twitter_volume_AAPL.csv</c>.</summary>
    public string Name { get; }

    /// <summary>Microseconds since 1970; the files' local times are taken for UTC.</summary>
    public IReadOnlyList<long> Times { get; }

    /// <summary>One value a time.</summary>
    public IReadOnlyList<double> Values { get; }

    /// <summary>First and last row of each window, in order.</summary>
    public IReadOnlyList<(int First, int Last)> Windows { get; }

    /// <summary>The folder part of the name.</summary>
    public string Folder => Name[..Name.IndexOf('/', StringComparison.Ordinal)];

    /// <summary>Reads every file that <c>windows.json</c> (or NAB's own <c>combined_windows.json</c>) of a folder names.</summary>
    /// <param name="folder">Holds the windows and the data folders.</param>
    /// <exception cref="FileNotFoundException">No windows there, or a file they name is missing.</exception>
    /// <exception cref="FormatException">A row is not a time and a number; the message names file and line.</exception>
    public static IReadOnlyList<NabFile> ReadAll(string folder)
    {
        var path = WindowFiles.Select(n => Path.Combine(folder, n)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"{folder} holds no windows.json of the Numenta Anomaly Benchmark.");
        var windows = JsonSerializer.Deserialize<Dictionary<string, string[][]>>(File.ReadAllBytes(path))
            ?? throw new FormatException($"{path} is empty.");
        return [.. windows.OrderBy(w => w.Key, StringComparer.Ordinal).Select(w => Read(folder, w.Key, w.Value))];
    }

    private static NabFile Read(string folder, string name, string[][] windows)
    {
        var path = Path.Combine(folder, name);
        var lines = File.ReadAllLines(path);
        var times = new long[lines.Length - 1];
        var values = new double[lines.Length - 1];
        for (var i = 1; i < lines.Length; i++)
        {
            var comma = lines[i].IndexOf(',', StringComparison.Ordinal);
            if (comma < 0 || !double.TryParse(lines[i].AsSpan(comma + 1), CultureInfo.InvariantCulture, out values[i - 1]))
            {
                throw new FormatException($"{path}:{i + 1}: '{lines[i]}' is not TIME,NUMBER.");
            }

            times[i - 1] = ParseTime(lines[i][..comma], $"{path}:{i + 1}");
        }

        (int, int)[] rows = [.. windows.Select(w => (
            First: LowerBound(times, ParseTime(w[0], path)),
            Last: LowerBound(times, ParseTime(w[1], path) + 1) - 1))];
        return new NabFile(name, times, values, rows);
    }

    private static long ParseTime(string text, string where) =>
        DateTime.TryParseExact(
            text, TimeFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
            ? (time - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond
            : throw new FormatException($"{where}: '{text}' is not a time as 2014-04-10 07:15:00.");

    private static int LowerBound(long[] times, long time)
    {
        var at = Array.BinarySearch(times, time);
        at = at < 0 ? ~at : at;
        while (at > 0 && times[at - 1] >= time)
        {
            at--;
        }

        return at;
    }
}
