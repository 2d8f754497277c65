using System.Diagnostics;
using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Diagnostics;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Core;

/// <summary>One topic's part of the writer's rounds: write, sync, answer. Used by the writer's thread only.</summary>
internal sealed class TopicRound(JournalTopic topic, TopicWriter writer, JournalMetrics metrics, ILogger logger)
{
    private List<AppendChunk> _chunks = [];
    private int _written;

    public TopicWriter Writer => writer;

    public RecordLogException? Failure { get; private set; }

    public bool HasWritten => _written > 0;

    /// <param name="full">Set: nothing is written, everything pending fails with it.</param>
    public void Write(RecordLogException? full)
    {
        _chunks = topic.TakePending();
        (_written, Failure) = (0, null);
        if (_chunks.Count == 0)
        {
            writer.RollIfOld();
            return;
        }

        Failure = full;
        if (full is null)
        {
            _written = writer.Write(_chunks, out var failure);
            Failure = failure;
        }

        FailTransactions();
    }

    /// <returns>True when there was something to sync.</returns>
    public bool Sync()
    {
        if (_chunks.Count == 0)
        {
            return false;
        }

        var started = Stopwatch.GetTimestamp();
        writer.Sync();
        metrics.Synced(Stopwatch.GetElapsedTime(started));
        topic.WakeReaders();
        return true;
    }

    /// <summary>Answers every append of the round.</summary>
    /// <returns>Bytes that are not pending any more.</returns>
    public long Complete()
    {
        var (records, durable, all) = (0, 0L, 0L);
        for (var i = 0; i < _chunks.Count; i++)
        {
            var chunk = _chunks[i];
            var failure = i < _written ? null : Failure;
            var bytes = Answer(chunk, failure);
            all += bytes;
            if (failure is null)
            {
                records += chunk.AppendCount;
                durable += bytes;
            }
            else
            {
                metrics.AppendsFailed(chunk.AppendCount, topic.Name, failure.Error);
            }

            topic.Chunks.Return(chunk);
        }

        if (records > 0)
        {
            metrics.Appended(records, durable, topic.Name);
        }

        _chunks = [];
        return all;
    }

    /// <summary>Fails what is under way and what is pending, and lets nothing in any more.</summary>
    public long Close(RecordLogException failure)
    {
        (_written, Failure) = (0, failure);
        FailTransactions();
        var bytes = Complete();
        _chunks = topic.Close(failure);
        FailTransactions();
        bytes += Complete();
        topic.WakeReaders();
        return bytes;
    }

    // A transaction that lost a record must not be committed, not even in the same round.
    private void FailTransactions()
    {
        for (var i = _written; i < _chunks.Count; i++)
        {
            var chunk = _chunks[i];
            for (var j = 0; j < chunk.AppendCount; j++)
            {
                chunk.Appends[j].Transaction?.Fail(Failure!);
            }
        }
    }

    private long Answer(AppendChunk chunk, RecordLogException? failure)
    {
        var bytes = 0L;
        for (var i = 0; i < chunk.AppendCount; i++)
        {
            ref var append = ref chunk.Appends[i];
            bytes += append.Bytes;
            append.Producer.Completed(append.Bytes);
            try
            {
                append.Completion?.Appended(append.Offset, failure, append.State);
            }
            catch (Exception error)
            {
                // The next callback is told all the same.
                logger.CompletionThrew(error);
            }
        }

        return bytes;
    }
}
