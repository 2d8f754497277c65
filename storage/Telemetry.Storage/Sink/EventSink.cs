using System.Globalization;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
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
    private readonly List<EventRow> _rows = [];
    private readonly DeadLetterQueue _letters = new(options.DeadLetterSchemaId, time);
    private readonly string _group = $"{options.Group}-{table.Table}";
    private Dictionary<int, long> _done = [];
    private long _oldest;
    private bool _flushing;

    /// <summary>Runs until the token fires or something fails.</summary>
    public async Task RunAsync(Action running, CancellationToken cancellationToken)
    {
        Forget();
        using var writer = new NativeWriter();
        await using var producer = log.CreateProducer(new ProducerOptions());
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = _group, Topics = [table.Topic], AssignmentListener = this });
        try
        {
            while (true)
            {
                var records = await consumer.PollAsync(options.RecordsPerPollMax, options.EventFlushInterval, cancellationToken);
                running();
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
    }

    /// <summary>Completes when the group has committed all that was in the log when called.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var partitions = await log.QueryPartitionCountAsync(table.Topic, cancellationToken);
        for (var i = 0; i < partitions; i++)
        {
            var high = (await log.QueryOffsetsAsync(new TopicPartition(table.Topic, i), cancellationToken)).High;
            while (high > 0 && Volatile.Read(ref _done).GetValueOrDefault(i) < high)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), time, cancellationToken);
            }
        }
    }

    public async ValueTask AssignedAsync(
        IRecordConsumer consumer, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var committed = await log.QueryCommittedAsync(_group, partitions, cancellationToken);
        foreach (var partition in partitions)
        {
            var low = (await log.QueryOffsetsAsync(partition, cancellationToken)).Low;
            var from = Math.Max(low, committed.TryGetValue(partition, out var c) ? c.Offset : low);
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
            _rows.RemoveAll(r => r.Partition == partition.Partition);
        }

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

        metrics.DeadLettered(1);
        _letters.Add(record, cause, $"the record cannot be stored in {table.Table}.", null);
    }

    private async Task FlushAsync(IRecordConsumer consumer, IRecordProducer producer, NativeWriter writer, CancellationToken cancellationToken)
    {
        _flushing = true;
        if (_rows.Count > 0)
        {
            _rows.AddRange(Markers());
            table.Encode(writer, _rows);
            var start = time.GetTimestamp();
            await clickHouse.InsertAsync(
                new ClickHouseQuery($"INSERT INTO {table.Table} ({table.Columns}) SETTINGS {ReadingInserter.Settings} FORMAT Native"),
                table.Structure,
                writer.Written,
                cancellationToken);
            metrics.Inserted(table.Table, time.GetElapsedTime(start));
        }

        await DeadLetterQueue.AppendAsync(_letters.Take(), producer, time.GetUtcNow().ToUnixTimeMilliseconds(), cancellationToken);
        await producer.FlushAsync(cancellationToken);
        await consumer.CommitAsync(
            _pending.ToDictionary(p => new TopicPartition(table.Topic, p.Key), p => new CommittedOffset(p.Value.Next)), cancellationToken);
        _rows.Clear();
        _pending.Clear();
        _flushing = false;
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
        foreach (var partition in consumer.Assignment)
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
        _covered.Clear();
        _pending.Clear();
        _rows.Clear();
        _letters.Take();
        _flushing = false;
    }
}
