using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>Brings a client to where the cursors are: assigns, seeks, pauses. On the polling thread only; calls block.</summary>
/// <param name="log">For messages and figures.</param>
/// <param name="group">Consumer group, if any; for messages.</param>
/// <param name="cursors">Where the caller wants to be.</param>
/// <param name="starts">Where partitions begin.</param>
/// <param name="client">The client of the moment.</param>
internal sealed class CursorMover(
    KafkaContext log, string? group, KafkaCursors cursors, StartOffsets starts, Func<IConsumer<byte[]?, byte[]?>> client)
{
    /// <summary>Brings the client to where the cursors are.</summary>
    /// <returns>False: it could not be told everything yet; try again soon.</returns>
    public bool Move()
    {
        var changed = cursors.TakeChanges(out var mustAssign);
        if (changed.Length == 0 && !mustAssign)
        {
            return true;
        }

        try
        {
            foreach (var cursor in changed.Where(c => c.Fetched == KafkaCursor.Unknown))
            {
                cursors.Start(cursor.Id, starts.Find(cursor.Id));
            }

            if (mustAssign)
            {
                client().Assign(changed.Select(c => new TopicPartitionOffset(c.KafkaId, c.Fetched)));
                foreach (var cursor in changed)
                {
                    (cursor.MustSeek, cursor.MustRestart, cursor.PausedInClient) = (false, false, true);
                }
            }

            foreach (var cursor in changed.Where(c => c.MustRestart))
            {
                Restart(cursor);
            }

            SetPauses(changed);
        }
        catch (RecordLogException error) when (error.IsTransient)
        {
            // As when fetching: brokers that are gone for a while are waited for.
            log.Logger.StartUnknown(group, error);
            cursors.ChangesFailed(mustAssign);
            Thread.Sleep(StartOffsets.RetryDelay);
            return false;
        }
        catch (Exception)
        {
            cursors.ChangesFailed(mustAssign);
            throw;
        }

        var moved = true;
        foreach (var cursor in changed.Where(c => c.MustSeek))
        {
            moved &= Seek(cursor);
        }

        if (!moved)
        {
            cursors.ChangesFailed(false);
        }

        return moved;
    }

    /// <summary>The offset asked for is not there: to the start position.</summary>
    /// <exception cref="KafkaException">The cluster does not answer.</exception>
    public void Reset(string topic, int partition)
    {
        var to = starts.FindEnd(new TopicPartition(topic, partition));
        if (cursors.Restart(topic, partition, to) is { } from)
        {
            log.Metrics.Reset(to - from, group);
            log.Logger.OffsetReset(from, new TopicPartition(topic, partition), group, to);
        }
    }

    private void Restart(KafkaCursor cursor)
    {
        client().IncrementalUnassign([cursor.KafkaId]);
        client().IncrementalAssign([new TopicPartitionOffset(cursor.KafkaId, cursor.Fetched)]);
        (cursor.MustSeek, cursor.MustRestart, cursor.PausedInClient) = (false, false, true);
    }

    private bool Seek(KafkaCursor cursor)
    {
        try
        {
            client().Seek(new TopicPartitionOffset(cursor.KafkaId, cursor.Fetched));
            cursor.MustSeek = false;
            return true;
        }
        catch (KafkaException error) when (error.Error.Code is ErrorCode.Local_State or ErrorCode.Local_TimedOut or ErrorCode.Local_Outdated)
        {
            // Not fetched yet after an assignment; what comes until it is moved is thrown away.
            return false;
        }
    }

    private void SetPauses(KafkaCursor[] changed)
    {
        var pause = changed.Where(c => c is { Paused: true, PausedInClient: false }).ToList();
        var resume = changed.Where(c => c is { Paused: false, PausedInClient: true }).ToList();
        if (pause.Count > 0)
        {
            client().Pause(pause.Select(c => c.KafkaId));
            pause.ForEach(static c => c.PausedInClient = true);
        }

        if (resume.Count > 0)
        {
            client().Resume(resume.Select(c => c.KafkaId));
            resume.ForEach(static c => c.PausedInClient = false);
        }
    }
}
