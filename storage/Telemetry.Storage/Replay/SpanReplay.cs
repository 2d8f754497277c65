using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Recovery;
using Telemetry.Storage.Writing;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Storage.Replay;

/// <summary>
/// Builds the readings of a span of event time again from the log into a shadow table, compares them with raw, and on request puts
/// them in place: raw month by month (REPLACE PARTITION, one step each), then the rollups from raw. Markers stay as they are, so sinks
/// go on where they were. All partitions are claimed meanwhile: run it when the store roles are stopped and drained.
/// </summary>
public sealed class SpanReplay(
    IRecordLog log, IClickHouse clickHouse, SinkOptions options, ILoggerFactory loggerFactory, TimeProvider time, IReadingSchemas? schemas = null)
{
    private const string Bounds =
        "SETTINGS async_insert = 0, max_execution_time = 0, max_bytes_before_external_group_by = 200000000, max_threads = 2";

    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    private readonly ILogger _logger = loggerFactory.CreateLogger<SpanReplay>();

    /// <param name="request">Which span, and whether to put it in place.</param>
    /// <param name="progress">Told the log records read; null for nobody.</param>
    /// <param name="cancellationToken">Stops; what is in place stays, a month is never half in place.</param>
    /// <exception cref="ClaimLostException">A store process started meanwhile.</exception>
    /// <exception cref="NotSupportedException">The store is a cluster of shards.</exception>
    public async Task<SpanReplayReport> RunAsync(
        SpanReplayRequest request, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        var claims = new SinkClaims(clickHouse, SinkTarget.Raw.Table, FenceOptions.Of(options), _logger, time);
        if ((await claims.LayoutAsync(cancellationToken)).Cluster is { } cluster)
        {
            throw new NotSupportedException($"The store is the cluster {cluster}: a span can be replayed into a single server only.");
        }

        var partitions = await log.QueryPartitionCountAsync(KafkaTopics.Readings, cancellationToken);
        await claims.ClaimOthersAsync(partitions, cancellationToken);
        var (from, to) = (Microseconds(request.From), Microseconds(request.To));
        await using var shadow = await ShadowTable.CreateAsync(clickHouse, claims, from, to, cancellationToken);
        var complete = await FillAsync(request, partitions, shadow, progress, cancellationToken);
        var months = MonthsOf(request);
        var report = await CompareAsync(shadow.Name, from, to, months, cancellationToken) with { LogIsComplete = complete };
        if (!request.Apply || report.IsClean || !complete)
        {
            return report;
        }

        var swapped = new List<int>();
        if (report.Missing + report.Surplus + report.Different > 0)
        {
            foreach (var month in months)
            {
                await SwapAsync(shadow.Name, claims, from, to, month, cancellationToken);
                swapped.Add(month);
            }
        }

        var (rebuilt, skipped) = await new RollupRefresh(new RollupRebuild(clickHouse, claims, options, _logger, time))
            .RunAsync(months, new ProvenSpan(from, to), cancellationToken);
        var after = await CompareAsync(shadow.Name, from, to, months, cancellationToken);
        return after with { LogIsComplete = true, Swapped = swapped, Rebuilt = rebuilt, Skipped = skipped };
    }

    /// <returns>False: the log's retention may have taken records of the span.</returns>
    private async ValueTask<bool> FillAsync(
        SpanReplayRequest request, int partitions, ShadowTable shadow, IProgress<long>? progress, CancellationToken cancellationToken)
    {
        using var metrics = new SinkMetrics();

        // Nothing is counted and nothing dead-lettered: the sink did both when it took these records.
        var intake = new ReadingIntake(new DeadLetterQueue(options.DeadLetterSchemaId, time), metrics, schemas ?? ReleasedReadingSchemas.Instance) { Again = true };
        var complete = true;
        var read = 0L;
        var inputs = Enumerable.Range(0, partitions).Select(p => new TopicPartition(KafkaTopics.Readings, p)).ToList();
        var committed = await log.QueryCommittedAsync(options.Group, inputs, cancellationToken);
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

            // A reading of the span cannot be on the log before the start, so all its copies are behind it.
            var filter = new DuplicateFilter(options.Duplicates, options.State);
            while (consumer.Position(input) < end.Offset)
            {
                foreach (var record in await consumer.PollAsync(options.RecordsPerPollMax, PollWait, cancellationToken))
                {
                    if (record.Offset >= end.Offset)
                    {
                        break;
                    }

                    intake.Take(filter, record, shadow);
                    read++;
                }

                progress?.Report(read);
                if (shadow.Waiting >= options.RawRowsMax)
                {
                    await shadow.FlushAsync(cancellationToken);
                }
            }
        }

        await shadow.FlushAsync(cancellationToken);
        return complete;
    }

    private async ValueTask<SpanReplayReport> CompareAsync(
        string shadow, long from, long to, IReadOnlyList<int> months, CancellationToken cancellationToken)
    {
        const string Columns = "device, boot, sequence, (sensor, event_time, reinterpretAsUInt64(value), quality) AS content";
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT sum(l), sum(s), countIf(s = 0), sumIf(s - least(l, 1), s > least(l, 1)), countIf(l > 0 AND s > 0 AND v != 1) FROM ("
            + "SELECT countIf(origin = 0) AS l, countIf(origin = 1) AS s, uniqExact(content) AS v FROM ("
            + $"SELECT 0 AS origin, {Columns} FROM {shadow} UNION ALL SELECT 1 AS origin, {Columns} FROM readings_data WHERE {Span(from, to)}"
            + $") GROUP BY device, boot, sequence) {Bounds}",
            null,
            cancellationToken);
        var buckets = 0L;
        foreach (var rollup in AuditQueries.Rollups)
        {
            await foreach (var _ in new AuditQueries(clickHouse).CompareAsync(rollup, months, cancellationToken))
            {
                buckets++;
            }
        }

        var counts = rows[0].Select(c => long.Parse(c, CultureInfo.InvariantCulture)).ToArray();
        return new SpanReplayReport
        {
            Log = counts[0], Stored = counts[1], Missing = counts[2], Surplus = counts[3], Different = counts[4], RollupBuckets = buckets,
        };
    }

    /// <summary>The month as it is, but for the span, and the span as the log has it.</summary>
    private async ValueTask SwapAsync(
        string shadow, SinkClaims claims, long from, long to, int month, CancellationToken cancellationToken)
    {
        var place = ShadowTable.NewName();
        var (tag, guard) = claims.Rebuild();
        var of = $"toYYYYMM(event_time) = {month.ToString(CultureInfo.InvariantCulture)}";
        await clickHouse.ExecuteAsync(new ClickHouseQuery($"CREATE TABLE {place} AS readings"), cancellationToken);
        try
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    $"INSERT INTO {place} SELECT * FROM readings WHERE {of} AND (device = '$sink' OR NOT ({Span(from, to)})) AND {guard} {Bounds}, log_comment = '{tag}'"),
                cancellationToken);
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery($"INSERT INTO {place} SELECT * FROM {shadow} WHERE {of} AND {guard} {Bounds}, log_comment = '{tag}'"),
                cancellationToken);
            // From an empty table nothing can be replaced; and then there is no marker in the month either.
            var rows = await clickHouse.QueryRowsAsync($"SELECT count() FROM {place}", null, cancellationToken);
            var id = month.ToString(CultureInfo.InvariantCulture);
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(rows[0][0] == "0"
                    ? $"ALTER TABLE readings DROP PARTITION {id}"
                    : $"ALTER TABLE readings REPLACE PARTITION {id} FROM {place}"),
                cancellationToken);
        }
        finally
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"DROP TABLE IF EXISTS {place} SYNC"), CancellationToken.None);
        }
    }

    private static string Span(long from, long to) => string.Create(
        CultureInfo.InvariantCulture,
        $"event_time >= fromUnixTimestamp64Micro({from}, 'UTC') AND event_time < fromUnixTimestamp64Micro({to}, 'UTC')");

    private static List<int> MonthsOf(SpanReplayRequest request)
    {
        var months = new List<int>();
        var last = request.To.UtcDateTime.AddTicks(-1);
        for (var at = new DateTime(request.From.UtcDateTime.Year, request.From.UtcDateTime.Month, 1, 0, 0, 0, DateTimeKind.Utc); at <= last; at = at.AddMonths(1))
        {
            months.Add((at.Year * 100) + at.Month);
        }

        return months;
    }

    private static long Microseconds(DateTimeOffset moment) =>
        (moment - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
