using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Query.Limits;
using Telemetry.Query.Parameters;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.Query.Answers;

/// <summary>
/// Knows how far the store is: the sink's marker rows say which log offsets each table holds, the log says how many
/// there are. One look serves all answers of the next second; one looks, the others wait for it.
/// </summary>
internal sealed class StoreProgress : IDisposable
{
    // Raw markers of the last minutes (a narrow range of the primary key) for what is fresh, and those of
    // readings_last, merged to few rows, for partitions that were silent since.
    private const string Sql =
        """
        SELECT partition, max(hi) AS stored, max(newest) AS newest FROM (
          SELECT toUInt32OrZero(extract(sensor, '^p([0-9]+)/')) AS partition, max(sequence) AS hi, toInt64(max(toUnixTimestamp64Micro(event_time))) AS newest
          FROM readings WHERE device = '$sink' AND event_time >= fromUnixTimestamp64Micro({since:Int64}, 'UTC') GROUP BY partition
          UNION ALL
          SELECT toUInt32OrZero(extract(sensor, '^p([0-9]+)/')) AS partition, max(mark_hi) AS hi, toInt64(0) AS newest
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
        var age = _services.Options.ProgressAge.Ticks / TimeSpan.TicksPerMicrosecond;
        return last is not null && Now() - last.Now < age ? last : null;
    }

    private long Now() => TimeText.ToMicroseconds(_services.Time.GetUtcNow());

    private async ValueTask<AnswerMeta> LookAsync(CancellationToken cancellationToken)
    {
        var now = Now();
        var since = now - (10 * 60 * 1_000_000L);
        var stored = await QueryStoredAsync(since, cancellationToken);
        long? watermark = null;
        long? newest = null;
        foreach (var mark in stored.Values.Where(mark => mark.Newest > 0))
        {
            watermark = Math.Min(watermark ?? long.MaxValue, mark.Newest);
            newest = Math.Max(newest ?? 0, mark.Newest);
        }

        newest ??= await QueryNewestAsync(cancellationToken);
        var (completeness, behind) = await CompareAsync(stored, cancellationToken);
        return new AnswerMeta(now, watermark ?? newest, newest is { } at ? Math.Min(at, now) : null, completeness, behind);
    }

    private async ValueTask<Dictionary<int, (long High, long Newest)>> QueryStoredAsync(long since, CancellationToken cancellationToken)
    {
        var result = await _services.ClickHouse.QueryAsync(
            new ClickHouseQuery(
                $"{Sql} {QuerySettings.For(_services.Options)}",
                [new("since", since.ToString(CultureInfo.InvariantCulture))],
                "JSONCompactEachRow"),
            cancellationToken);
        var marks = new Dictionary<int, (long, long)>();
        foreach (var row in JsonRows.Parse(result.Body))
        {
            marks[row[0].GetInt32()] = ((long)row[1].GetUInt64(), row[2].GetInt64());
        }

        return marks;
    }

    /// <summary>Newest reading by the latest values; for stores to which nothing came of late.</summary>
    private async ValueTask<long?> QueryNewestAsync(CancellationToken cancellationToken)
    {
        var result = await _services.ClickHouse.QueryAsync(
            new ClickHouseQuery(
                $"SELECT toInt64(toUnixTimestamp64Micro(tupleElement(max(last), 1))) FROM readings_last_data {QuerySettings.For(_services.Options)}",
                Format: "JSONCompactEachRow"),
            cancellationToken);
        var newest = JsonRows.Parse(result.Body).Select(row => row[0].GetInt64()).FirstOrDefault();
        return newest > 0 ? newest : null;
    }

    private async ValueTask<(double? Share, long? Behind)> CompareAsync(
        Dictionary<int, (long High, long Newest)> stored, CancellationToken cancellationToken)
    {
        if (_services.Log is not { } log)
        {
            return (null, null);
        }

        try
        {
            var all = 0L;
            var behind = 0L;
            var partitions = await log.QueryPartitionCountAsync(KafkaTopics.Readings, cancellationToken);
            for (var partition = 0; partition < partitions; partition++)
            {
                var offsets = await log.QueryOffsetsAsync(new TopicPartition(KafkaTopics.Readings, partition), cancellationToken);
                var next = stored.TryGetValue(partition, out var mark) ? mark.High + 1 : offsets.Low;
                all += offsets.High - offsets.Low;
                behind += Math.Max(0, offsets.High - Math.Max(next, offsets.Low));
            }

            return (all == 0 ? 1 : 1 - ((double)behind / all), behind);
        }
        catch (RecordLogException error)
        {
            _logger.CompletenessUnknown(error);
            return (null, null);
        }
    }
}
