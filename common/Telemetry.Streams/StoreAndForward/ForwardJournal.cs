using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Streams.StoreAndForward;

/// <summary>The files of store and forward: one topic of one partition for each topic forwarded, and the positions.</summary>
internal sealed class ForwardJournal : IAsyncDisposable
{
    public const string Group = "forward";

    private const int SegmentsOfAll = 32;
    private const long SegmentBytesMin = 1L << 18;
    private const long SegmentBytesMax = 64L << 20;

    private readonly Dictionary<string, string> _locals;

    private ForwardJournal(JournalLog log, IReadOnlyList<string> topics)
    {
        Log = log;
        Topics = topics;
        _locals = topics.ToDictionary(topic => topic, NameOf);
    }

    public JournalLog Log { get; }

    public IReadOnlyList<string> Topics { get; }

    /// <summary>Bytes on disk and on their way there.</summary>
    public long Bytes => Topics.Sum(topic => Log.Topic(_locals[topic]).SizeBytes) + Log.Writer.PendingBytes;

    /// <exception cref="RecordLogException">As <see cref="JournalLog.Open(JournalOptions, ILoggerFactory, TimeProvider)"/>.</exception>
    public static async ValueTask<ForwardJournal> OpenAsync(
        StoreAndForwardOptions options, JournalOptions like, IReadOnlyList<string> topics, ILoggerFactory logging, TimeProvider time, IJournalFiles files)
    {
        var log = JournalLog.Open(
            like with
            {
                Directory = options.Directory,
                SegmentBytes = Math.Clamp(options.MaxBytes / SegmentsOfAll, SegmentBytesMin, SegmentBytesMax),
                MaintenanceInterval = TimeSpan.Zero,
            },
            logging,
            time,
            files);
        await log.EnsureTopicsAsync([.. topics.Select(topic => new TopicSpec(NameOf(topic), 1))], CancellationToken.None);
        return new ForwardJournal(log, topics);
    }

    public TopicPartition Local(string topic) => new(LocalName(topic), 0);

    /// <exception cref="RecordLogException">The topic is not forwarded.</exception>
    public string LocalName(string topic) => _locals.TryGetValue(topic, out var local)
        ? local
        : throw new RecordLogException(RecordLogError.UnknownTopic, $"Topic '{topic}' is not one that is stored and forwarded ({string.Join(", ", Topics)}).");

    /// <summary>First offset that is not forwarded, and the end, of each topic.</summary>
    public async ValueTask<IReadOnlyList<(string Topic, long Position, long End)>> PositionsAsync()
    {
        var committed = await Log.QueryCommittedAsync(Group, [.. Topics.Select(Local)], CancellationToken.None);
        var positions = new List<(string, long, long)>();
        foreach (var topic in Topics)
        {
            var there = await Log.QueryOffsetsAsync(Local(topic), CancellationToken.None);
            var position = committed.TryGetValue(Local(topic), out var offset) ? offset.Offset : 0;
            positions.Add((topic, Math.Max(position, there.Low), there.High));
        }

        return positions;
    }

    /// <summary>Removes whole segments that are forwarded.</summary>
    public void RemoveForwarded(string topic, long position)
    {
        while (Log.RemoveOldestSegment(LocalName(topic), position) > 0)
        {
            // The next one.
        }
    }

    /// <summary>The topic whose oldest closed segment holds the oldest records: offset behind it and time of its newest record. Null: none is closed.</summary>
    public (string Topic, long End, long NewestMs)? Oldest()
    {
        (string Topic, long End, long NewestMs)? oldest = null;
        foreach (var topic in Topics)
        {
            if (Log.Topic(LocalName(topic)).Segments is { Length: > 1 } segments
                && (oldest is null || segments[0].MaxTimestampMs < oldest.Value.NewestMs))
            {
                oldest = (topic, segments[1].BaseOffsets[0], segments[0].MaxTimestampMs);
            }
        }

        return oldest;
    }

    public ValueTask DisposeAsync() => Log.DisposeAsync();

    private static string NameOf(string topic) => "forward." + topic;
}
