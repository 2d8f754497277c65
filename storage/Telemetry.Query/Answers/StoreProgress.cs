using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Query.Access;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Limits;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Query.Answers;

/// <summary>
/// Knows how far the store is: the sink's marker rows say which log offsets each table holds, the log says how many there are and
/// when the newest stored one came in. What was found is reused for a second; whoever asks while it is looked up waits for it.
/// </summary>
internal sealed class StoreProgress : IDisposable
{
    /// <summary>A partition to which nothing came for so long is idle: it holds no watermark back.</summary>
    private const long IdleUs = 10 * 60 * 1_000_000L;

    // Raw markers of the last minutes (a narrow range of the primary key) for what is fresh, and those of
    // readings_last, merged to few rows, for partitions that were silent since. A marker carries the newest event time of its
    // block, which a wrong clock can put in the future: such a time is counted, but never taken for progress.
    private const string Sql =
        """
        SELECT partition, max(hi) AS stored, max(newest) AS newest, sum(ahead) AS ahead FROM (
          SELECT toUInt32OrZero(extract(sensor, '^p([0-9]+)/')) AS partition, max(sequence) AS hi,
                 toInt64(max(if(toUnixTimestamp64Micro(event_time) <= {horizon:Int64}, toUnixTimestamp64Micro(event_time), 0))) AS newest,
                 countIf(toUnixTimestamp64Micro(event_time) > {horizon:Int64}) AS ahead
          FROM readings WHERE device = '$sink' AND event_time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC') GROUP BY partition
          UNION ALL
          SELECT toUInt32OrZero(extract(sensor, '^p([0-9]+)/')) AS partition, max(mark_hi) AS hi, toInt64(0) AS newest, toUInt64(0) AS ahead
          FROM readings_last WHERE device = '$sink' GROUP BY partition)
        GROUP BY partition ORDER BY partition
        """;

    private readonly QueryServices _services;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _one = new(1, 1);
    private AnswerMeta? _last;

    public StoreProgress(QueryServices services)
    {
        _services = services;
        _logger = services.Logging.CreateLogger<StoreProgress>();
    }

    public async ValueTask<AnswerMeta> ReadAsync(CancellationToken cancellationToken)
    {
        if (Recent() is { } recent)
        {
            return recent;
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (Recent() is { } meanwhile)
            {
                return meanwhile;
            }

            var meta = await LookAsync(cancellationToken);
            Volatile.Write(ref _last, meta);
            return meta;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private AnswerMeta? Recent()
    {
        var last = Volatile.Read(ref _last);
        var age = UnixMicros.From(_services.Options.ProgressAge);
        return last is not null && Now() - last.Now < age ? last : null;
    }

    private long Now() => UnixMicros.From(_services.Time.GetUtcNow());

    private async ValueTask<AnswerMeta> LookAsync(CancellationToken cancellationToken)
    {
        var now = Now();
        var stored = await QueryStoredAsync(now, cancellationToken);
        var log = await CompareAsync(stored, now, cancellationToken);
        long? watermark = null;
        foreach (var (partition, mark) in stored)
        {
            if (Progress(mark, log.Ingested.TryGetValue(partition, out var at) ? at : null, now) is { } progress)
            {
                watermark = Math.Min(watermark ?? long.MaxValue, progress);
            }
        }

        long? ingested = log.Ingested.Count > 0 ? log.Ingested.Values.Max() : null;
        var newest = stored.Values.Select(mark => mark.Newest).DefaultIfEmpty().Max();
        if (newest == 0 && (ingested is null || watermark is null))
        {
            newest = await QueryNewestAsync(now, cancellationToken);
        }

        long? known = newest > 0 ? Math.Min(newest, now) : null;
        return new AnswerMeta(now, watermark ?? known, ingested ?? known, log.Share, log.Behind);
    }

    /// <summary>Newest event time of a partition that took part of late, no later than its newest record came in.</summary>
    private static long? Progress(in Mark mark, long? ingested, long now)
    {
        if (ingested < now - IdleUs)
        {
            return null;
        }

        if (mark.Newest > 0)
        {
            return Math.Min(mark.Newest, ingested ?? now);
        }

        // Only clocks in the future reported here: the times say nothing, but when the record came in is known.
        return mark.Ahead ? ingested : null;
    }

    private async ValueTask<Dictionary<int, Mark>> QueryStoredAsync(long now, CancellationToken cancellationToken)
    {
        var result = await _services.ClickHouse.QueryAsync(
            new ClickHouseQuery(
                $"{Sql} {QuerySettings.For(_services.Options, DeviceScope.All)}",
                [new("since", Text(now - IdleUs)), new("horizon", Text(_services.Options.Horizon(now)))],
                "JSONCompactEachRow"),
            cancellationToken);
        var marks = new Dictionary<int, Mark>();
        foreach (var row in JsonRows.Parse(result.Body))
        {
            marks[row[0].GetInt32()] = new Mark((long)row[1].GetUInt64(), row[2].GetInt64(), row[3].GetUInt64() > 0);
        }

        return marks;
    }

    /// <summary>Newest reading that is not in the future, by the latest values; for stores to which nothing came of late. 0: none.</summary>
    private async ValueTask<long> QueryNewestAsync(long now, CancellationToken cancellationToken)
    {
        var result = await _services.ClickHouse.QueryAsync(
            new ClickHouseQuery(
                "SELECT toInt64(max(if(toUnixTimestamp64Micro(tupleElement(last, 1)) <= {horizon:Int64}, toUnixTimestamp64Micro(tupleElement(last, 1)), 0))) "
                + $"FROM readings_last_data {QuerySettings.For(_services.Options, DeviceScope.All)}",
                [new("horizon", Text(_services.Options.Horizon(now)))],
                "JSONCompactEachRow"),
            cancellationToken);
        return JsonRows.Parse(result.Body).Select(row => row[0].GetInt64()).FirstOrDefault();
    }

    private async ValueTask<LogState> CompareAsync(Dictionary<int, Mark> stored, long now, CancellationToken cancellationToken)
    {
        if (_services.Log is not { } log)
        {
            return LogState.Unknown;
        }

        try
        {
            var all = 0L;
            var behind = 0L;
            var newest = new Dictionary<TopicPartition, long>();
            var partitions = await log.QueryPartitionCountAsync(LogTopics.Readings, cancellationToken);
            for (var partition = 0; partition < partitions; partition++)
            {
                var place = new TopicPartition(LogTopics.Readings, partition);
                var offsets = await log.QueryOffsetsAsync(place, cancellationToken);
                var next = stored.TryGetValue(partition, out var mark) ? mark.High + 1 : offsets.Low;
                all += offsets.High - offsets.Low;
                behind += Math.Max(0, offsets.High - Math.Max(next, offsets.Low));
                if (next > offsets.Low && next <= offsets.High)
                {
                    newest.Add(place, next - 1);
                }
            }

            // The age of the oldest record from the newest stored one on is the age of that one.
            var ingested = (newest.Count == 0 ? [] : await log.QueryLagAsync(newest, cancellationToken))
                .Where(lag => lag.Records > 0)
                .ToDictionary(lag => lag.Partition.Partition, lag => Math.Min(now, now - UnixMicros.From(lag.Time)));
            return new LogState(all == 0 ? 1 : 1 - ((double)behind / all), behind, ingested);
        }
        catch (RecordLogException error)
        {
            _logger.CompletenessUnknown(error);
            return LogState.Unknown;
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    /// <summary>What the markers say of one partition.</summary>
    /// <param name="High">Last offset stored.</param>
    /// <param name="Newest">Newest event time stored of late that is not in the future, microseconds; 0 when there is none.</param>
    /// <param name="Ahead">True: event times in the future were stored.</param>
    private readonly record struct Mark(long High, long Newest, bool Ahead);

    /// <param name="Share">Share of the log that is stored; null when unknown.</param>
    /// <param name="Behind">Records not stored yet; null when unknown.</param>
    /// <param name="Ingested">When the newest stored record of a partition came in, microseconds; absent where the log has it no more.</param>
    private sealed record LogState(double? Share, long? Behind, IReadOnlyDictionary<int, long> Ingested)
    {
        public static readonly LogState Unknown = new(null, null, new Dictionary<int, long>());
    }
}
