using System.Globalization;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Recovery;
using Telemetry.Streams;

namespace Telemetry.Storage.Sink;

/// <summary>
/// Writes one topic of events into its table, each exactly once, by the same markers as readings; there is one target, so a
/// marker covers just its INSERT and no two ever merge. The checkpoint follows each INSERT.
/// </summary>
internal sealed class EventSink(
    IRecordLog log, IClickHouse clickHouse, EventTable table, SinkOptions options, SinkMetrics metrics, ILogger logger, TimeProvider time)
    : IAssignmentListener
{
    private const int RowsMax = 20_000;

    private readonly Dictionary<(int Partition, int Month), OffsetRanges> _covered = [];
    private readonly Dictionary<int, (long First, long Next)> _pending = [];
    private readonly Dictionary<int, long> _settleAt = [];
    private readonly List<EventRow> _rows = [];
    private readonly DeadLetterQueue _letters = new(options.DeadLetterSchemaId, time);
    private StoreLayout _layout = StoreLayout.Single;
    private string _group = "";
    private readonly string[] _tables = [table.Table];
    private readonly Dictionary<int, IReadOnlyList<BrokenPart>> _broken = [];
    private readonly SinkClaims _claims = new(clickHouse, table.Table, options, logger, time);
    private PartsCheck? _check;
    private Dictionary<int, long> _done = [];
    private long _oldest;
    private bool _flushing;
    private volatile bool _running;

    /// <summary>Runs until the token fires or something fails.</summary>
    public async Task RunAsync(Action running, CancellationToken cancellationToken)
    {
        Forget();
        using var writer = new NativeWriter();
        _layout = await _claims.LayoutAsync(cancellationToken);
        _group = _layout.Name($"{options.Group}-{table.Table}");
        _check = options.CheckParts && _layout.Cluster is null ? new PartsCheck(clickHouse, _tables, metrics, logger) : null;
        await using var producer = await log.OpenTransactionalProducerAsync(
            _layout.Name($"{options.TransactionalId}-{table.Table}"), new ProducerOptions(), cancellationToken);
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = _group, Topics = [table.Topic], AssignmentListener = this });
        try
        {
            while (true)
            {
                var records = await consumer.PollAsync(options.RecordsPerPollMax, options.EventFlushInterval, cancellationToken);
                running();
                _running = true;
                foreach (var record in records)
                {
                    Take(record);
                }

                if (_pending.Count > 0 && (_rows.Count >= RowsMax || time.GetElapsedTime(_oldest) >= options.EventFlushInterval))
                {
                    await FlushAsync(consumer, producer, writer, cancellationToken);
                }

                if (_pending.Count == 0)
                {
                    NotePositions(consumer);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested && _pending.Count > 0 && !_flushing)
        {
            using var deadline = new CancellationTokenSource(options.DrainTimeout, time);
            await FlushAsync(consumer, producer, writer, deadline.Token);
        }
        finally
        {
            _running = false;
        }
    }

    /// <summary>Completes when all that was in the log when called is stored.</summary>
    /// <param name="all">False: only partitions that this sink has, not those of other members of its group.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CatchUpAsync(bool all, CancellationToken cancellationToken)
    {
        var partitions = await log.QueryPartitionCountAsync(table.Topic, cancellationToken);
        for (var i = 0; i < partitions; i++)
        {
            var high = (await log.QueryOffsetsAsync(new TopicPartition(table.Topic, i), cancellationToken)).High;
            while (high > 0 && (!_running || (Volatile.Read(ref _done).TryGetValue(i, out var next) ? next < high : all && _layout.Holds(i))))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
            }
        }
    }

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        consumer.Pause([.. partitions.Where(p => !_layout.Holds(p.Partition))]);
        partitions = [.. partitions.Where(p => _layout.Holds(p.Partition))];
        await _claims.ClaimAsync([.. partitions.Select(p => p.Partition)], cancellationToken);
        await _claims.CatchUpAsync(_tables, cancellationToken);
        var committed = await log.QueryCommittedAsync(_group, partitions, cancellationToken);
        await BrokenPartsLedger.NoteOpenedAsync(clickHouse, _tables, cancellationToken);
        if (_check is not null)
        {
            // As for readings: parts older than the last checkpoint have been read back before it.
            var times = committed.Values.Select(Checkpoint.TimeOf).ToList();
            if (times.Count > 0 && times.TrueForAll(t => t is not null))
            {
                await _check.TrustAsync(times.Min()!.Value.AddSeconds(-2), cancellationToken);
            }

            await _check.RunAsync(cancellationToken);
        }

        foreach (var partition in partitions)
        {
            var low = (await log.QueryOffsetsAsync(partition, cancellationToken)).Low;
            var from = Math.Max(low, committed.TryGetValue(partition, out var c) ? c.Offset : low);
            var broken = await BrokenPartsLedger.PendingAsync(clickHouse, _tables, partition.Partition, cancellationToken);
            if (broken.Count > 0)
            {
                // Settled by the first commit that reaches the end the log has now.
                Log.BrokenOnStart(logger, broken.Count, partition.Partition);
                await BrokenPartsLedger.DetachAsync(clickHouse, broken, cancellationToken);
                _broken[partition.Partition] = broken;
                _settleAt[partition.Partition] = from;
                from = low;
            }

            consumer.Seek(partition, from);
            Commit(partition.Partition, from);
            await ReadCoveredAsync(partition.Partition, from, cancellationToken);
        }
    }

    public ValueTask RevokedAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        // What is pending is not committed and will be read again by whoever gets the partition.
        foreach (var partition in partitions)
        {
            _pending.Remove(partition.Partition);
            _broken.Remove(partition.Partition);
            _settleAt.Remove(partition.Partition);
            foreach (var covered in _covered.Keys.Where(c => c.Partition == partition.Partition).ToList())
            {
                _covered.Remove(covered);
            }

            Volatile.Write(ref _done, _done.Where(d => d.Key != partition.Partition).ToDictionary());
            _rows.RemoveAll(r => r.Partition == partition.Partition);
        }

        _letters.Forget(partitions);
        _claims.Release(partitions.Select(p => p.Partition));
        return ValueTask.CompletedTask;
    }

    public ValueTask LostAsync(IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) =>
        RevokedAsync(consumer, partitions, cancellationToken);

    private void Take(in LogRecord record)
    {
        if (_pending.Count == 0)
        {
            _oldest = time.GetTimestamp();
        }

        _pending[record.Partition] = (_pending.TryGetValue(record.Partition, out var p) ? p.First : record.Offset, record.Offset + 1);
        var cause = "malformed-frame";
        try
        {
            if (ConfluentFrame.TryRead(record.Value, out _, out var value))
            {
                var message = table.Parse(value);
                var at = table.TimeOf(message);
                if (at is >= Months.TimeMin and < Months.TimeEnd)
                {
                    if (!Covered(record.Partition, at).Contains(record.Offset))
                    {
                        _rows.Add(new EventRow(record.Partition, record.Offset, at, message, message is Anomaly a ? a.Sensor : "", 0));
                    }

                    return;
                }

                cause = "time-out-of-range";
            }
        }
        catch (InvalidProtocolBufferException)
        {
            cause = "malformed";
        }

        if (record.Offset < _settleAt.GetValueOrDefault(record.Partition))
        {
            // Read again because of a broken part; its letter is there.
            return;
        }

        metrics.DeadLettered(1);
        _letters.Add(record, cause, $"the record cannot be stored in {table.Table}.", null);
    }

    private async Task FlushAsync(
        IRecordConsumer consumer, ITransactionalProducer producer, NativeWriter writer, CancellationToken cancellationToken)
    {
        _flushing = true;
        if (_rows.Count > 0)
        {
            _rows.AddRange(Markers());
            table.Encode(writer, _rows);
            var start = time.GetTimestamp();
            await _claims.InsertAsync(
                table.Table,
                table.Columns,
                table.Structure,
                _rows.Select(r => r.Partition),
                writer.Written,
                cancellationToken);
            metrics.Inserted(table.Table, time.GetElapsedTime(start));
        }

        if (_check is not null && await _check.RunAsync(cancellationToken) is var damaged and > 0)
        {
            throw new DamagedPartException($"{damaged} parts of {table.Table} were broken and have been detached.");
        }

        await ThrowIfOthersFoundAsync(cancellationToken);

        await CommitAsync(consumer, producer, cancellationToken);
        await SettleAsync(cancellationToken);
        _rows.Clear();
        _pending.Clear();
        _flushing = false;
    }

    /// <summary>Offsets and dead letters in one transaction, so each letter is there exactly once.</summary>
    private async Task CommitAsync(IRecordConsumer consumer, ITransactionalProducer producer, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        producer.BeginTransaction();
        try
        {
            await DeadLetterQueue.AppendAsync(_letters.Take(), producer, now, cancellationToken);
            var note = Checkpoint.Note(now);
            await producer.SendOffsetsAsync(
                _pending.ToDictionary(
                    p => new TopicPartition(table.Topic, p.Key),
                    p => new CommittedOffset(Math.Max(p.Value.Next, _settleAt.GetValueOrDefault(p.Key)), note)),
                consumer,
                cancellationToken);
            await producer.CommitTransactionAsync(cancellationToken);
        }
        catch (Exception)
        {
            await Checkpoint.AbortAsync(producer);
            throw;
        }
    }

    /// <summary>Another sink on this store may have detached a part that held rows of ours.</summary>
    private async Task ThrowIfOthersFoundAsync(CancellationToken cancellationToken)
    {
        foreach (var partition in _pending.Keys.Where(p => !_broken.ContainsKey(p)))
        {
            if (await BrokenPartsLedger.PendingAsync(clickHouse, _tables, partition, cancellationToken) is { Count: > 0 } broken)
            {
                throw new DamagedPartException($"{broken.Count} parts of {table.Table} were broken and have been detached by another sink.");
            }
        }
    }

    /// <summary>Partitions that were read again because of broken parts and have come to where they were.</summary>
    private async Task SettleAsync(CancellationToken cancellationToken)
    {
        foreach (var (partition, next) in _pending.Select(p => (p.Key, p.Value.Next)).ToList())
        {
            if (_broken.TryGetValue(partition, out var parts) && next >= _settleAt[partition])
            {
                await BrokenPartsLedger.SettleAsync(clickHouse, parts, partition, cancellationToken);
                _broken.Remove(partition);
            }
        }
    }

    private List<EventRow> Markers() =>
    [
        .. _rows.GroupBy(r => (r.Partition, Month: Months.Of(r.TimeUs))).SelectMany(g =>
        {
            var (first, next) = _pending[g.Key.Partition];
            return Covered(g.Key.Partition, g.First().TimeUs).Uncovered(first, next - 1).Select(range =>
            {
                var chain = string.Create(CultureInfo.InvariantCulture, $"f{range.First}");
                var marker = new Marker(g.Key.Partition, g.Key.Month, chain, range.First, range.Last, g.First().TimeUs);
                return new EventRow(g.Key.Partition, range.Last, marker.Time, null, marker.Sensor, range.Last - range.First + 1);
            });
        }),
    ];

    private OffsetRanges Covered(int partition, long timeUs) =>
        _covered.Count == 0 ? OffsetRanges.Empty : _covered.GetValueOrDefault((partition, Months.Of(timeUs)), OffsetRanges.Empty);

    private async ValueTask ReadCoveredAsync(int partition, long from, CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT sensor, sequence - {table.CountColumn} + 1, sequence FROM {table.Table} "
            + "WHERE device = '$sink' AND startsWith(sensor, {prefix:String}) AND sequence >= {from:UInt64} SETTINGS max_result_rows = 0",
            [
                new("prefix", string.Create(CultureInfo.InvariantCulture, $"p{partition}/")),
                new("from", from.ToString(CultureInfo.InvariantCulture)),
            ],
            cancellationToken);
        foreach (var month in rows.GroupBy(r => int.Parse(r[0].Split('/')[1], CultureInfo.InvariantCulture)))
        {
            _covered[(partition, month.Key)] = new OffsetRanges(month.Select(
                r => (long.Parse(r[1], CultureInfo.InvariantCulture), long.Parse(r[2], CultureInfo.InvariantCulture))));
        }

        Log.EventsRecovered(logger, table.Table, partition, from, rows.Count);
    }

    /// <summary>With nothing pending, everything below the consumer's position is done, offsets without a visible record included.</summary>
    private void NotePositions(IRecordConsumer consumer)
    {
        foreach (var partition in consumer.Assignment.Where(p => _layout.Holds(p.Partition)))
        {
            var position = consumer.Position(partition);
            if (_done.GetValueOrDefault(partition.Partition) < position)
            {
                Commit(partition.Partition, position);
            }
        }
    }

    private void Commit(int partition, long next) =>
        Volatile.Write(ref _done, new Dictionary<int, long>(_done) { [partition] = next });

    private void Forget()
    {
        _claims.Clear();
        _covered.Clear();
        _broken.Clear();
        _settleAt.Clear();
        _pending.Clear();
        _rows.Clear();
        _letters.Take();
        _flushing = false;
    }
}
