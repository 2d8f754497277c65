using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Format;

namespace Telemetry.Streams.Journal.Topics;

/// <summary>Puts chunks into a topic's files. Used by the writer's thread only.</summary>
internal sealed class TopicWriter(JournalTopic topic, IJournalFiles files, long segmentBytes, TimeSpan segmentAge, TimeProvider time)
{
    private readonly long[] _written = InitialOffsets(topic);
    private long _position = topic.Active.Length;
    private bool _dirty;

    /// <summary>
    /// Writes as many chunks as fit the disk.
    /// </summary>
    /// <returns>How many were written; the others are not in the file.</returns>
    /// <exception cref="IOException">Something else than a full disk: what is in the file is unknown.</exception>
    public int Write(List<AppendChunk> chunks, out RecordLogException? failure)
    {
        failure = null;
        for (var i = 0; i < chunks.Count; i++)
        {
            try
            {
                WriteOne(chunks[i]);
            }
            catch (IOException error) when (DiskErrors.IsDiskFull(error))
            {
                // What was written of the chunk goes away, so that the next one begins at a frame's edge.
                topic.Active.File.SetLength(_position);
                _dirty = true;
                failure = new RecordLogException(
                    RecordLogError.DiskFull,
                    $"No space left to append to topic '{topic.Name}' (file '{topic.Active.Path}'). " +
                    "Nothing acknowledged is lost; free space and append again.",
                    error);
                return i;
            }
        }

        return chunks.Count;
    }

    /// <summary>Makes what was written durable and visible.</summary>
    public void Sync()
    {
        if (_dirty)
        {
            DiskErrors.Sync(topic.Active.File, topic.Active.Path);
            _dirty = false;
        }

        topic.Active.Length = _position;
        topic.PublishHigh(_written);
    }

    /// <summary>Closes the active segment when it is old, so that retention can remove it.</summary>
    public void RollIfOld()
    {
        var age = topic.Spec.RetentionTime is { } kept && kept < segmentAge ? kept : segmentAge;
        if (_position <= StartLength || time.GetUtcNow() - topic.Active.CreatedAt < age)
        {
            return;
        }

        try
        {
            Roll();
        }
        catch (IOException error) when (DiskErrors.IsDiskFull(error))
        {
            // The old segment goes on; the next round tries again.
            return;
        }
    }

    public void Roll()
    {
        Sync();
        var next = Segment.Create(files, topic.Directory, topic.Active.Number + 1, _written, time.GetUtcNow());
        IndexFile.Write(files, topic.Active, _written);
        topic.ChangeSegments(segments => [.. segments, next]);
        _position = next.Length;
    }

    /// <summary>An empty frame proves that all before it was durable; written when the log closes in good order.</summary>
    public void WriteClosingFrame()
    {
        if (_position <= StartLength)
        {
            return;
        }

        var frame = new byte[FrameFormat.HeaderSize];
        FrameFormat.WriteDraft(frame, frame.Length, 0, 0);
        FrameFormat.Seal(frame, topic.Active.First, _position, _position);
        topic.Active.File.Write(_position, frame);
        DiskErrors.Sync(topic.Active.File, topic.Active.Path);
    }

    private long StartLength => Segment.StartFrameLength(topic.Spec.Partitions);

    private void WriteOne(AppendChunk chunk)
    {
        if (_position > StartLength && _position + chunk.Used > segmentBytes)
        {
            Roll();
        }

        var active = topic.Active;
        chunk.Seal(active.First, _position, active.Length);
        active.Transactions = active.Transactions.With(chunk.Transactions);
        active.File.Write(_position, chunk.Buffer.AsMemory(0, chunk.Used));
        active.Index.Offer(_position, active.MaxTimestampMs, _written);
        active.MaxTimestampMs = Math.Max(active.MaxTimestampMs, chunk.MaxTimestampMs);
        _position += chunk.Used;
        chunk.AdvanceTo(_written);
        _dirty = true;
    }

    private static long[] InitialOffsets(JournalTopic topic)
    {
        var offsets = new long[topic.Partitions.Length];
        for (var i = 0; i < offsets.Length; i++)
        {
            offsets[i] = topic.Partitions[i].High;
        }

        return offsets;
    }
}
