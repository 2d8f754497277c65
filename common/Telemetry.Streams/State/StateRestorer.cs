namespace Telemetry.Streams.State;

/// <summary>What a restore did.</summary>
/// <param name="Entries">Records read from the state topic.</param>
/// <param name="ReplayedFrom">First offset replayed.</param>
/// <param name="Committed">Offset to go on from.</param>
/// <param name="Replayed">Input records replayed.</param>
/// <param name="Missing">
/// Offsets that should have been replayed but were no longer in the log (retention is shorter than the snapshot cycle, or
/// the group stood still for too long); above 0 the state may be incomplete.
/// </param>
public sealed record StateRestoreReport(long Entries, long ReplayedFrom, long Committed, long Replayed, long Missing);

/// <summary>Brings a table to the state it had when an input offset was committed.</summary>
public static class StateRestorer
{
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads the state partition, then replays the input from the floor to <paramref name="committed"/>.</summary>
    /// <param name="log">Log.</param>
    /// <param name="stateTopic">Compacted topic with the snapshots, partitioned as the input.</param>
    /// <param name="input">Input partition.</param>
    /// <param name="committed">The committed offset; null when nothing was ever committed (then nothing is replayed).</param>
    /// <param name="table">A fresh table.</param>
    /// <param name="restorePartition">Given the partition's state at the floor; empty when there is none.</param>
    /// <param name="replay">Must treat the record as live ones, except that outputs are suppressed.</param>
    /// <param name="cancellationToken">Stops it.</param>
    /// <exception cref="FormatException">The state topic holds something else.</exception>
    /// <exception cref="RecordLogException">The log failed.</exception>
    public static async ValueTask<StateRestoreReport> RestoreAsync<TState>(
        IRecordLog log,
        string stateTopic,
        TopicPartition input,
        long? committed,
        KeyedStateTable<TState> table,
        Action<ReadOnlyMemory<byte>> restorePartition,
        Action<LogRecord> replay,
        CancellationToken cancellationToken)
        where TState : class
    {
        var state = input with { Topic = stateTopic };
        var range = await log.QueryOffsetsAsync(state, cancellationToken);
        var entries = await ReadAsync(
            log, state, range.Low, range.High, record => table.Load(record.Key.Span, record.Value.Span), cancellationToken);
        var (from, partitionState) = table.CompleteLoad();
        restorePartition(partitionState);
        var low = (await log.QueryOffsetsAsync(input, cancellationToken)).Low;
        var to = committed ?? low;
        var start = Math.Min(Math.Max(from, low), to);

        // A table that was never written has floor 0; that the log does not reach back to 0 is then no loss of ours to report.
        var missing = entries == 0 && committed is null ? 0 : Math.Max(0, Math.Min(low, to) - Math.Min(from, to));
        var replayed = await ReadAsync(log, input, start, to, replay, cancellationToken);
        table.CompleteReplay();
        return new StateRestoreReport(entries, start, to, replayed, missing);
    }

    private static async ValueTask<long> ReadAsync(
        IRecordLog log, TopicPartition partition, long from, long to, Action<LogRecord> take, CancellationToken cancellationToken)
    {
        if (from >= to)
        {
            return 0;
        }

        var count = 0L;
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([partition]);
        consumer.Seek(partition, from);
        while (consumer.Position(partition) < to)
        {
            var records = await consumer.PollAsync(4096, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                var record = records[i];
                if (record.Offset >= to)
                {
                    return count;
                }

                take(record);
                count++;
            }
        }

        return count;
    }
}
