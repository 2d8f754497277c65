using System.Runtime.CompilerServices;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Bridge.DeadLetters;

/// <summary>What is asked of the dead letters.</summary>
public sealed record DeadLetterFilter
{
    /// <summary>Only this cause; null for all.</summary>
    public string? Cause { get; init; }

    /// <summary>Only this stage (bridge, processing, storage); null for all.</summary>
    public string? Stage { get; init; }

    /// <summary>Only sources that contain this text, for example a device; null for all.</summary>
    public string? Source { get; init; }

    /// <summary>Only those refused from here on; null for all.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>True: resolved ones too.</summary>
    public bool Resolved { get; init; }

    public bool Holds(DeadLetterEntry entry) =>
        (Cause is null || entry.Letter.Cause == Cause)
        && (Stage is null || entry.Letter.Stage == Stage)
        && (Source is null || entry.Letter.Source.Contains(Source, StringComparison.Ordinal))
        && (Since is null || entry.RefusedAt >= Since)
        && (Resolved || entry.Resolution is null);
}

/// <summary>The letters found.</summary>
/// <param name="Entries">The newest that fit, oldest first, no more than were asked for.</param>
/// <param name="Matching">All that fit.</param>
/// <param name="Open">Letters not resolved, whatever the filter.</param>
public sealed record DeadLetterList(IReadOnlyList<DeadLetterEntry> Entries, long Matching, long Open);

/// <summary>Reads the dead-letter topic from its first record to where it ends now.</summary>
public sealed class DeadLetterReader(IRecordLog log)
{
    /// <summary>Bytes of a payload kept in a list.</summary>
    public const int PayloadShown = 1024;

    private const int RecordsMax = 500;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    /// <summary>The newest that fit, their payloads clipped to <see cref="PayloadShown"/> bytes.</summary>
    /// <param name="filter">Which.</param>
    /// <param name="limit">Most entries returned.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<DeadLetterList> ListAsync(DeadLetterFilter filter, int limit, CancellationToken cancellationToken)
    {
        var newest = new PriorityQueue<DeadLetterEntry, long>();
        var (matching, open) = (0L, 0L);
        await foreach (var entry in ReadAllAsync(cancellationToken))
        {
            open += entry.Resolution is null ? 1 : 0;
            if (!filter.Holds(entry))
            {
                continue;
            }

            matching++;
            newest.Enqueue(Clip(entry), entry.Letter.RefusedAtUs);
            if (newest.Count > limit)
            {
                newest.Dequeue();
            }
        }

        var entries = new List<DeadLetterEntry>(newest.Count);
        while (newest.TryDequeue(out var entry, out _))
        {
            entries.Add(entry);
        }

        return new DeadLetterList(entries, matching, open);
    }

    /// <summary>Every letter on the log now, partition by partition, in order.</summary>
    public async IAsyncEnumerable<DeadLetterEntry> ReadAllAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var partitions = await log.QueryPartitionCountAsync(LogTopics.DeadLetters, cancellationToken);
        for (var i = 0; i < partitions; i++)
        {
            var partition = new TopicPartition(LogTopics.DeadLetters, i);

            // A resolution comes after its letter, so they are read first: a letter then goes out knowing its fate.
            var resolutions = new Dictionary<long, string>();
            await foreach (var (_, letter) in ReadAsync(partition, 0, cancellationToken))
            {
                if (DeadLetterResolution.Is(letter))
                {
                    resolutions[letter.SourceOffset] = letter.Detail;
                }
            }

            await foreach (var (record, letter) in ReadAsync(partition, 0, cancellationToken))
            {
                if (!DeadLetterResolution.Is(letter))
                {
                    yield return new DeadLetterEntry(
                        new DeadLetterId(i, record.Offset), letter, record.Key.ToArray(), resolutions.GetValueOrDefault(record.Offset));
                }
            }
        }
    }

    /// <summary>One letter; null when it is not there (any more).</summary>
    public async Task<DeadLetterEntry?> FindAsync(DeadLetterId id, CancellationToken cancellationToken)
    {
        if (id.Partition >= await log.QueryPartitionCountAsync(LogTopics.DeadLetters, cancellationToken))
        {
            return null;
        }

        DeadLetterEntry? entry = null;
        await foreach (var (record, letter) in ReadAsync(new TopicPartition(LogTopics.DeadLetters, id.Partition), id.Offset, cancellationToken))
        {
            if (record.Offset == id.Offset && !DeadLetterResolution.Is(letter))
            {
                entry = new DeadLetterEntry(id, letter, record.Key.ToArray(), null);
            }
            else if (entry is not null && DeadLetterResolution.Is(letter) && letter.SourceOffset == id.Offset)
            {
                return entry with { Resolution = letter.Detail };
            }
        }

        return entry;
    }

    private static DeadLetterEntry Clip(DeadLetterEntry entry)
    {
        if (entry.Letter.Payload.Length <= PayloadShown)
        {
            return entry;
        }

        var clipped = entry.Letter.Clone();
        clipped.Payload = ByteString.CopyFrom(entry.Letter.Payload.Span[..PayloadShown]);
        return entry with { Letter = clipped };
    }

    private static DeadLetter? Parse(in LogRecord record)
    {
        if (!ConfluentFrame.TryRead(record.Value, out _, out var message))
        {
            return null;
        }

        try
        {
            return DeadLetter.Parser.ParseFrom(message.Span);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    /// <summary>Letters and resolutions of a partition; records that are neither are passed over.</summary>
    private async IAsyncEnumerable<(LogRecord Record, DeadLetter Letter)> ReadAsync(
        TopicPartition partition, long from, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var range = await log.QueryOffsetsAsync(partition, cancellationToken);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([partition]);
        consumer.Seek(partition, Math.Max(from, range.Low));
        while (consumer.Position(partition) < range.High)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                if (Parse(records[i]) is { } letter)
                {
                    yield return (records[i], letter);
                }
            }
        }
    }
}
