using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Recovery;
using Telemetry.Storage.Writing;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Storage.Replay;

/// <summary>
/// Builds the readings and events (anomalies, incidents, device events) of a span of event time again from the log into shadow tables, compares them with what is
/// stored, and on request puts them in place: month by month (REPLACE PARTITION, one step each), then the rollups from raw. Markers stay as they are, so sinks
/// go on where they were. All partitions are claimed meanwhile: run it when the store roles are stopped and drained.
/// </summary>
public sealed class SpanReplay(
    IRecordLog log,
    IClickHouse clickHouse,
    SinkOptions options,
    AuditWindow window,
    ILoggerFactory loggerFactory,
    TimeProvider time,
    IReadingSchemas schemas)
{
    /// <summary>Event ids compared at a time, at some 100 bytes each.</summary>
    private const long ComparedRowsMax = 1_000_000;

    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);

    private readonly ILogger _logger = loggerFactory.CreateLogger<SpanReplay>();

    /// <param name="request">Which span, and whether to put it in place.</param>
    /// <param name="progress">Told how far the work is; null for nobody.</param>
    /// <param name="cancellationToken">Stops; what is in place stays, a month is never half in place.</param>
    /// <exception cref="ClaimLostException">A store process started meanwhile.</exception>
    /// <exception cref="NotSupportedException">The store is a cluster of shards.</exception>
    public async Task<SpanReplayReport> RunAsync(
        SpanReplayRequest request, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var report = await ReplayReadingsAsync(request, progress, cancellationToken);
        var events = new List<EventReplayReport>();
        foreach (var table in EventTables.All)
        {
            events.Add(await new EventReplay(log, clickHouse, table, options, _logger, time)
                .RunAsync(request, Math.Max(UnixMicros.From(request.From), window.Raw), progress, cancellationToken));
        }

        return report with { Events = events };
    }

    private async ValueTask<SpanReplayReport> ReplayReadingsAsync(
        SpanReplayRequest request, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var claims = new SinkClaims(clickHouse, SinkTarget.Raw.Table, FenceOptions.Of(options), _logger, time);
        if ((await claims.LayoutAsync(cancellationToken)).Cluster is { } cluster)
        {
            throw new NotSupportedException($"The store is the cluster {cluster}: a span can be replayed into a single server only.");
        }

        var partitions = await log.QueryPartitionCountAsync(LogTopics.Readings, cancellationToken);
        await claims.ClaimOthersAsync(partitions, cancellationToken);

        // What retention has taken from raw is not missing there.
        var (from, to) = (Math.Max(UnixMicros.From(request.From), window.Raw), UnixMicros.From(request.To));
        await using var shadow = await ShadowTable.CreateAsync(clickHouse, claims, from, to, cancellationToken);
        var complete = await FillAsync(request, partitions, shadow, progress, cancellationToken);
        var months = MonthSwap.MonthsOf(from, to);
        var report = await CompareAsync(shadow.Name, from, to, months, progress, cancellationToken) with { LogIsComplete = complete };
        if (!request.Apply || report.IsClean || !complete)
        {
            return report;
        }

        var swap = new MonthSwap(clickHouse, claims, SinkTarget.Raw.Table);
        var swapped = new List<int>();
        if (report.Missing + report.Surplus + report.Different > 0)
        {
            foreach (var month in months)
            {
                await swap.RunAsync(shadow.Name, from, to, month, cancellationToken);
                swapped.Add(month);
            }
        }

        var (rebuilt, skipped) = await new RollupRefresh(new RollupRebuild(clickHouse, claims, options, _logger, time))
            .RunAsync(months, new ProvenSpan(from, to), cancellationToken);
        var after = await CompareAsync(shadow.Name, from, to, months, progress, cancellationToken);
        return after with { LogIsComplete = true, Swapped = swapped, Rebuilt = rebuilt, Skipped = skipped };
    }

    /// <returns>False: the log's retention may have taken records of the span.</returns>
    private async ValueTask<bool> FillAsync(
        SpanReplayRequest request, int partitions, ShadowTable shadow, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        using var metrics = new SinkMetrics();

        // Nothing is counted and nothing dead-lettered: the sink did both when it took these records.
        var intake = new ReadingIntake(new DeadLetterQueue(options.DeadLetterSchemaId, time), metrics, schemas)
        {
            Again = true, Deleted = await DeletedDevices.ReadAsync(clickHouse, cancellationToken),
        };
        var complete = true;
        var read = 0L;
        var inputs = Enumerable.Range(0, partitions).Select(p => new TopicPartition(LogTopics.Readings, p)).ToList();
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
                    if (shadow.Waiting >= options.RawRowsMax)
                    {
                        await shadow.FlushAsync(cancellationToken);
                    }
                }

                progress?.Report(new WorkProgress("Reading the log", read, 0, "records"));
            }
        }

        await shadow.FlushAsync(cancellationToken);
        return complete;
    }

    /// <summary>Slice by slice: a hash table of all readings of the span would not fit in memory.</summary>
    private async ValueTask<SpanReplayReport> CompareAsync(
        string shadow, long from, long to, IReadOnlyList<int> months, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        const string Columns = "device, boot, sequence, cityHash64(sensor, event_time, reinterpretAsUInt64(value), quality) AS content";
        var queries = new AuditQueries(clickHouse);
        var planner = new SlicePlanner(
            clickHouse,
            ComparedRowsMax,
            $"(SELECT device, event_time FROM readings_data WHERE {MonthSwap.Span(from, to)} UNION ALL SELECT device, event_time FROM {shadow})");
        var report = new SpanReplayReport();
        var done = 0L;
        foreach (var month in months)
        {
            await foreach (var slice in planner.PlanAsync(month, byTime: true, cancellationToken))
            {
                var where = $"{slice.Devices} AND {slice.Times("event_time")} AND {MonthSwap.Span(from, to)}";
                var rows = await clickHouse.QueryRowsAsync(
                    "SELECT sum(l), sum(s), countIf(s = 0), sumIf(s - least(l, 1), s > least(l, 1)), countIf(l > 0 AND s > 0 AND v != w) FROM ("
                    + "SELECT countIf(origin = 0) AS l, countIf(origin = 1) AS s, min(content) AS v, max(content) AS w FROM ("
                    + $"SELECT 0 AS origin, {Columns} FROM {shadow} WHERE {where} UNION ALL SELECT 1 AS origin, {Columns} FROM readings_data WHERE {where}"
                    + $") GROUP BY device, boot, sequence) {AuditQueries.Bounds}",
                    slice.Parameters,
                    cancellationToken,
                    QueryKind.Batch);
                var counts = rows[0].Select(c => long.Parse(c, CultureInfo.InvariantCulture)).ToArray();
                report = report with
                {
                    Log = report.Log + counts[0],
                    Stored = report.Stored + counts[1],
                    Missing = report.Missing + counts[2],
                    Surplus = report.Surplus + counts[3],
                    Different = report.Different + counts[4],
                };
                done += slice.Rows;
                progress?.Report(new WorkProgress("Comparing raw with the log", done, 0, "rows"));
            }
        }

        done = 0;
        foreach (var month in months)
        {
            await foreach (var slice in queries.SlicesAsync(month, cancellationToken))
            {
                foreach (var rollup in AuditQueries.Rollups)
                {
                    await foreach (var _ in queries.CompareAsync(rollup, slice, window, cancellationToken))
                    {
                        report = report with { RollupBuckets = report.RollupBuckets + 1 };
                    }
                }

                done += slice.Rows;
                progress?.Report(new WorkProgress("Comparing rollups with raw", done, 0, "readings"));
            }
        }

        return report;
    }
}
