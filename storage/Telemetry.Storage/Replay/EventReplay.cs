using System.Globalization;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Audit;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Writing;
using Telemetry.Streams;

namespace Telemetry.Storage.Replay;

/// <summary>
/// The span replay of one table of events: rows are the same when all their columns are, so a row that differs counts as one missing and one
/// surplus. Of a compacted topic the log has the newest record of each key alone: what the table has of others stays.
/// </summary>
internal sealed class EventReplay(
    IRecordLog log, IClickHouse clickHouse, EventTable table, SinkOptions options, ILogger logger, TimeProvider time)
{
    private const int RowsMax = 20_000;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    private DeletedDevices _deleted = DeletedDevices.None;

    /// <param name="request">What is replayed.</param>
    /// <param name="from">First event time compared, microseconds: at least the request's.</param>
    /// <param name="progress">Told how far the work is; null for nobody.</param>
    /// <param name="cancellationToken">Stops; what is in place stays, a month is never half in place.</param>
    public async ValueTask<EventReplayReport> RunAsync(
        SpanReplayRequest request, long from, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var to = UnixMicros.From(request.To);
        _deleted = await DeletedDevices.ReadAsync(clickHouse, cancellationToken);
        var claims = new SinkClaims(clickHouse, table.Table, FenceOptions.Of(options), logger, time);
        var partitions = await log.QueryPartitionCountAsync(table.Topic, cancellationToken);
        await claims.ClaimOthersAsync(partitions, cancellationToken);
        await DropLeftoversAsync(cancellationToken);
        var shadow = $"{table.Table}_rebuild_{Guid.NewGuid():N}";
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {shadow} AS {table.Table}"), cancellationToken);
        try
        {
            var complete = await FillAsync(request, shadow, claims, partitions, (from, to), progress, cancellationToken);
            var report = await CompareAsync(shadow, from, to, cancellationToken) with { LogIsComplete = complete };
            if (!request.Apply || report.IsClean || !complete)
            {
                return report;
            }

            if (table.IsCompacted)
            {
                await KeepOlderAsync(shadow, claims, from, to, cancellationToken);
            }

            var months = MonthSwap.MonthsOf(from, to);
            var swap = new MonthSwap(clickHouse, claims, table.Table);
            foreach (var month in months)
            {
                await swap.RunAsync(shadow, from, to, month, cancellationToken);
            }

            return await CompareAsync(shadow, from, to, cancellationToken) with { LogIsComplete = true, Swapped = months };
        }
        finally
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {shadow} SYNC"), CancellationToken.None);
        }
    }

    /// <summary>Shadow tables of a replay that was killed; all partitions are claimed, so it does not run any more.</summary>
    private async ValueTask DropLeftoversAsync(CancellationToken cancellationToken)
    {
        var shadows = await clickHouse.QueryRowsAsync(
            "SELECT name FROM system.tables WHERE database = currentDatabase() AND startsWith(name, {prefix:String})",
            [new("prefix", $"{table.Table}_rebuild_")],
            cancellationToken);
        foreach (var shadow in shadows)
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {shadow[0]} SYNC"), cancellationToken);
        }
    }

    /// <returns>False: the log's retention may have taken records of the span.</returns>
    private async ValueTask<bool> FillAsync(
        SpanReplayRequest request,
        string shadow,
        SinkClaims claims,
        int partitions,
        (long From, long To) span,
        IProgress<WorkProgress>? progress,
        CancellationToken cancellationToken)
    {
        using var writer = new NativeWriter();
        var inputs = Enumerable.Range(0, partitions).Select(p => new TopicPartition(table.Topic, p)).ToList();
        var committed = await log.QueryCommittedAsync($"{options.Group}-{table.Table}", inputs, cancellationToken);
        var rows = new List<EventRow>();
        var complete = true;
        var read = 0L;
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        foreach (var input in inputs)
        {
            if (!committed.TryGetValue(input, out var end))
            {
                continue;
            }

            var low = (await log.QueryOffsetsAsync(input, cancellationToken)).Low;
            var start = await log.QueryOffsetForTimeAsync(input, request.From - request.FutureMax, cancellationToken) ?? end.Offset;
            complete &= low == 0 || start > low;
            consumer.Assign([input]);
            consumer.Seek(input, start);
            while (consumer.Position(input) < end.Offset)
            {
                foreach (var record in await consumer.PollAsync(options.RecordsPerPollMax, PollWait, cancellationToken))
                {
                    if (record.Offset < end.Offset && TryRead(record, span) is { } row)
                    {
                        rows.Add(row);
                    }

                    read++;
                }

                progress?.Report(new WorkProgress($"Reading {table.Topic}", read, 0, "records"));
                if (rows.Count >= RowsMax)
                {
                    await InsertAsync(shadow, claims, writer, rows, cancellationToken);
                }
            }
        }

        await InsertAsync(shadow, claims, writer, rows, cancellationToken);
        return complete;
    }

    /// <summary>Null: not of the span, or no event; the sink has put that aside.</summary>
    private EventRow? TryRead(in LogRecord record, (long From, long To) span)
    {
        try
        {
            if (!ConfluentFrame.TryRead(record.Value, out _, out var value))
            {
                return null;
            }

            var message = table.Parse(value);
            if (_deleted.Contains(table.Topic, record.Partition, record.Offset, table.DeviceOf(message)))
            {
                return null;
            }

            var at = table.TimeOf(message);
            return at >= span.From && at < span.To && at is >= Months.TimeMin and < Months.TimeEnd
                ? new EventRow(record.Partition, record.Offset, at, message, table.SensorOf(message), 0)
                : null;
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }
    }

    private async ValueTask InsertAsync(
        string shadow, SinkClaims claims, NativeWriter writer, List<EventRow> rows, CancellationToken cancellationToken)
    {
        if (rows.Count > 0)
        {
            table.Encode(writer, rows);
            await claims.InsertAsync(shadow, table.Columns, table.Structure, claims.Partitions, writer.Written, cancellationToken);
            rows.Clear();
        }
    }

    /// <summary>Rows whose records compaction has taken from the log.</summary>
    private async ValueTask KeepOlderAsync(string shadow, SinkClaims claims, long from, long to, CancellationToken cancellationToken)
    {
        var (tag, guard) = claims.Rebuild();
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                $"INSERT INTO {shadow} SELECT DISTINCT * FROM {table.Table} WHERE device != '$sink' AND {MonthSwap.Span(from, to)} AND {guard} "
                + $"AND sipHash128({table.Columns}) NOT IN (SELECT sipHash128({table.Columns}) FROM {shadow}) {MonthSwap.Bounds}, log_comment = '{tag}'",
                Kind: QueryKind.Batch),
            cancellationToken);
    }

    private async ValueTask<EventReplayReport> CompareAsync(string shadow, long from, long to, CancellationToken cancellationToken)
    {
        var expected = table.IsCompacted ? "greatest(l, 1)" : "l";
        var rows = await clickHouse.QueryRowsAsync(
            $"SELECT sum(l), sum(s), sum(l - least(l, s)), sum(s - least({expected}, s)) FROM ("
            + "SELECT countIf(origin = 0) AS l, countIf(origin = 1) AS s FROM ("
            + $"SELECT 0 AS origin, sipHash128({table.Columns}) AS content FROM {shadow} UNION ALL "
            + $"SELECT 1 AS origin, sipHash128({table.Columns}) AS content FROM {table.Table} WHERE device != '$sink' AND {MonthSwap.Span(from, to)}"
            + $") GROUP BY content) {AuditQueries.Bounds}",
            null,
            cancellationToken,
            QueryKind.Batch);
        var counts = rows[0].Select(c => long.Parse(c, CultureInfo.InvariantCulture)).ToArray();
        return new EventReplayReport { Table = table.Table, Log = counts[0], Stored = counts[1], Missing = counts[2], Surplus = counts[3] };
    }
}
