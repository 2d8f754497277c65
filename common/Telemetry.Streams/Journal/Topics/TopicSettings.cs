using System.Text.Json;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>A topic's settings in its directory (topic.json), always complete: written under another name and renamed.</summary>
internal static class TopicSettings
{
    private const string FileName = "topic.json";
    private const int NameLengthMax = 249;

    // A first frame holds 8 bytes a partition.
    private const long UnfinishedBytesMax = 64 << 10;

    /// <summary>Kafka's rule for topic names, which also makes them good directory names.</summary>
    public static bool IsValidName(string name) =>
        name.Length is > 0 and <= NameLengthMax && name is not ("." or "..")
        && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' or '-');

    public static bool Exists(IJournalFiles files, string directory) => files.Exists(Path.Combine(directory, FileName));

    /// <summary>A topic without settings was being made when the process ended; nothing can be in it.</summary>
    /// <exception cref="RecordLogException">Something is in it: the settings were lost.</exception>
    public static void RemoveUnfinished(IJournalFiles files, string directory)
    {
        var segments = files.List(directory).Where(path => Segment.TryParseName(Path.GetFileName(path), out _, out _)).ToList();
        if (segments.Count > 1 || segments.Exists(segment => files.LengthOf(segment) > UnfinishedBytesMax))
        {
            throw new RecordLogException(
                RecordLogError.Damaged,
                $"The topic in '{directory}' has records but no {FileName}. Restore that file, or move the directory away.");
        }

        files.DeleteDirectory(directory);
    }

    public static TopicSpec Read(IJournalFiles files, string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            return JsonSerializer.Deserialize<TopicSpec>(files.ReadAll(path))
                ?? throw new JsonException("The file is empty.");
        }
        catch (JsonException error)
        {
            throw new RecordLogException(RecordLogError.Damaged, $"The topic settings in '{path}' cannot be read: {error.Message}", error);
        }
    }

    public static void Write(IJournalFiles files, string directory, TopicSpec spec)
    {
        var path = Path.Combine(directory, FileName);
        var making = path + ".new";
        using (var file = files.Open(making))
        {
            file.SetLength(0);
            file.Write(0, JsonSerializer.SerializeToUtf8Bytes(spec));
            DiskErrors.Sync(file, making);
        }

        files.Move(making, path);
        DiskErrors.SyncDirectory(files, directory);
    }
}
