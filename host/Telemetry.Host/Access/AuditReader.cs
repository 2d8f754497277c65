using System.Globalization;
using System.Text.Json;

namespace Telemetry.Host.Access;

/// <summary>
/// Reads the audit log's files from their ends, newest line first: a line is a JSON object as Serilog writes it. Nothing but one block and the lines asked for
/// is held.
/// </summary>
/// <param name="file"><c>Logging:AuditFile</c>: its roll adds the day, and a number where one file was not enough, before the extension.</param>
internal sealed class AuditReader(string file)
{
    private const int BlockBytes = 64 * 1024;

    /// <summary>Longest line that is read; a longer one is passed over.</summary>
    private const int LineBytesMax = 256 * 1024;

    /// <summary>Bytes read for one answer, whatever is looked for: of older lines a later <c>before</c> asks.</summary>
    private const long ScanBytesMax = 256 << 20;

    /// <summary>Lines that fit, newest first.</summary>
    /// <param name="limit">How many at most.</param>
    /// <param name="before">Only older ones; null: from the newest.</param>
    /// <param name="user">Only of this user, client or owner; null: of all.</param>
    public IReadOnlyList<AuditEntry> Read(int limit, DateTimeOffset? before, string? user)
    {
        var found = new List<AuditEntry>();
        var budget = ScanBytesMax;
        foreach (var path in Files())
        {
            foreach (var line in Backwards(path))
            {
                budget -= line.Length;
                if (budget < 0)
                {
                    return found;
                }

                if (Parse(line) is { } entry && (before is null || entry.Time < before) && (user is null || entry.IsOf(user)))
                {
                    found.Add(entry);
                    if (found.Count >= limit)
                    {
                        return found;
                    }
                }
            }
        }

        return found;
    }

    /// <summary>The files of the log, newest first.</summary>
    private IEnumerable<string> Files()
    {
        var full = Path.GetFullPath(file);
        var folder = Path.GetDirectoryName(full)!;
        if (!Directory.Exists(folder))
        {
            return [];
        }

        var (name, extension) = (Path.GetFileNameWithoutExtension(full), Path.GetExtension(full));
        // The day has eight figures and the number at least three, so that names sort as they were made, up to 999 of a day.
        return Directory.EnumerateFiles(folder, $"{name}*{extension}")
            .Where(path => Path.GetFileNameWithoutExtension(path).AsSpan(name.Length) is { Length: >= 8 } roll && roll[..8].IndexOfAnyExceptInRange('0', '9') < 0)
            .OrderByDescending(path => Path.GetFileNameWithoutExtension(path), StringComparer.Ordinal);
    }

    private static IEnumerable<byte[]> Backwards(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var tail = Array.Empty<byte>();
        var isTooLong = false;
        for (var end = stream.Length; end > 0;)
        {
            var start = Math.Max(0, end - BlockBytes);
            var block = new byte[(end - start) + tail.Length];
            stream.Position = start;
            stream.ReadExactly(block, 0, (int)(end - start));
            tail.CopyTo(block, end - start);
            var stop = block.Length;
            int at;
            while ((at = Array.LastIndexOf(block, (byte)'\n', stop - 1, stop)) >= 0)
            {
                if (stop - at - 1 > 0 && !isTooLong)
                {
                    yield return block[(at + 1)..stop];
                }

                isTooLong = false;
                stop = at;
                if (stop == 0)
                {
                    break;
                }
            }

            tail = block[..stop];
            if (tail.Length > LineBytesMax)
            {
                (tail, isTooLong) = ([], true);
            }

            end = start;
        }

        if (tail.Length > 0 && !isTooLong)
        {
            yield return tail;
        }
    }

    /// <summary>Null: no line of an audit log.</summary>
    public static AuditEntry? Parse(byte[] line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            var properties = root.TryGetProperty("Properties", out var found) ? found : default;
            return new AuditEntry(
                DateTimeOffset.Parse(root.GetProperty("Timestamp").GetString()!, CultureInfo.InvariantCulture),
                root.TryGetProperty("RenderedMessage", out var text) ? text.GetString() ?? "" : "",
                properties.ValueKind != JsonValueKind.Object
                    ? new Dictionary<string, string>()
                    : properties.EnumerateObject().Where(p => p.Name is not ("SourceContext" or "EventId")).ToDictionary(p => p.Name, p => p.Value.ToString()));
        }
        catch (Exception exception) when (exception is JsonException or FormatException or KeyNotFoundException or InvalidOperationException)
        {
            // A line that is being written, or was cut by a crash.
            return null;
        }
    }
}

/// <summary>A line of the audit log.</summary>
/// <param name="Time">When.</param>
/// <param name="Text">What, in a sentence.</param>
/// <param name="Properties">The same in parts: UserName, Remote, Path, ...</param>
internal sealed record AuditEntry(DateTimeOffset Time, string Text, IReadOnlyDictionary<string, string> Properties)
{
    private static readonly string[] Who = ["UserName", "User", "By", "Owner", "ClientId"];

    /// <summary>True when it is of this user, client or owner.</summary>
    public bool IsOf(string user) => Who.Any(name => Properties.TryGetValue(name, out var value) && (value == user || value == "user:" + user));
}
