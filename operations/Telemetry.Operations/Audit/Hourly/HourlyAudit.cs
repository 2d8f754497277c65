using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit.Hourly;

/// <summary>
/// Compares log and store by hour of event time while both go on: count and sum of raw, count of the hourly rollup. Each run reads what the
/// log has got since the one before, so a run costs as much as what came in. Memory is bounded by <see cref="HourlyAuditOptions.SequenceBytesMax"/>.
/// What retention has taken from the store is not compared. For one caller at a time.
/// </summary>
public sealed class HourlyAudit(
    IRecordLog log, IClickHouse clickHouse, IReadingSchemas schemas, HourlyAuditOptions options, TimeProvider time)
{
    /// <summary>Before the first hour compared: devices' clocks are some minutes ahead, and a record's time is that of its batch.</summary>
    private static readonly TimeSpan ReadAhead = TimeSpan.FromHours(1);

    private readonly HourlyLogReader _reader = new(log, schemas);
    private LogHours? _hours;
    private HashSet<(string Device, long Below)> _deletions = [];
    private long _knowsAllFrom;

    /// <param name="checkpoint">Offset after the last record that all tables hold, by partition of the readings.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="RecordLogException">The log cannot be read.</exception>
    /// <exception cref="ClickHouseException">The store does not answer.</exception>
    public async Task<HourlyReport> RunAsync(IReadOnlyDictionary<int, long> checkpoint, CancellationToken cancellationToken)
    {
        var end = UnixMicros.From(time.GetUtcNow() - options.Settled) / UnixMicros.PerHour;
        var first = end - options.Hours;
        var deleted = await DeletedDevices.ReadAsync(clickHouse, cancellationToken);
        if (_hours is null || !_deletions.SetEquals(deleted.Marks) || _reader.IsBehindLog(await OffsetsAsync(checkpoint.Keys, static o => o.Low, cancellationToken)))
        {
            _deletions = [.. deleted.Marks];
            await BeginAsync(first, checkpoint, cancellationToken);
        }

        if (_reader.Positions.Any(p => checkpoint.GetValueOrDefault(p.Key) < p.Value))
        {
            return NotCompared("the store has not reached the end of the log as it was at the last comparison");
        }

        _hours!.Keep(first, end + (long)Math.Ceiling(options.FutureMax.TotalHours) + 1);
        await _reader.ReadAsync(_hours, checkpoint, deleted, cancellationToken);
        var least = Enumerable.Range(0, options.Hours).Select(i => _hours.Figures(first + i)).ToList();
        var stored = await StoredHours.ReadAsync(clickHouse, first, end, cancellationToken);
        var horizons = await AuditHorizon.ReadAsync(clickHouse, cancellationToken);
        var horizon = Math.Max(horizons.CompleteFromMicroseconds(StoreTable.Raw), horizons.CompleteFromMicroseconds(StoreTable.Hour));
        await _reader.ReadAsync(_hours, await OffsetsAsync(checkpoint.Keys, static o => o.High, cancellationToken), deleted, cancellationToken);
        if (!_deletions.SetEquals((await DeletedDevices.ReadAsync(clickHouse, cancellationToken)).Marks))
        {
            return NotCompared("a device was deleted meanwhile");
        }

        return await CompareAsync(first, least, stored, horizon, cancellationToken);
    }

    private HourlyReport NotCompared(string reason) => new() { At = time.GetUtcNow(), NotCompared = reason };

    /// <summary>Starts to count from nothing, at records a little older than the first hour.</summary>
    private async Task BeginAsync(long first, IReadOnlyDictionary<int, long> checkpoint, CancellationToken cancellationToken)
    {
        _hours = new LogHours(options.SequenceBytesMax / (options.Hours + (long)Math.Ceiling(options.FutureMax.TotalHours) + 2));
        var from = UnixMicros.ToTime(first * UnixMicros.PerHour) - ReadAhead;
        var isWhole = true;
        var positions = new Dictionary<int, long>();
        foreach (var partition in checkpoint.Keys)
        {
            var id = new TopicPartition(LogTopics.Readings, partition);
            var offsets = await log.QueryOffsetsAsync(id, cancellationToken);
            var start = Math.Clamp(
                await log.QueryOffsetForTimeAsync(id, from, cancellationToken) ?? offsets.High, offsets.Low, offsets.High);

            // What the store is not known to have cannot be begun behind.
            positions[partition] = Math.Max(offsets.Low, Math.Min(start, checkpoint[partition]));
            isWhole &= positions[partition] == 0;
        }

        // A record older than those read may hold event times that lie ahead of it, by no more than FutureMax.
        _knowsAllFrom = isWhole ? 0 : (UnixMicros.From(time.GetUtcNow() + options.FutureMax) / UnixMicros.PerHour) + 1;
        _reader.Begin(positions);
    }

    private async Task<HourlyReport> CompareAsync(
        long first, List<HourFigures> least, IReadOnlyDictionary<long, StoredHour> stored, long horizon, CancellationToken cancellationToken)
    {
        var differences = new List<HourDifference>();
        LetterCounts? letters = null;
        var (compared, tooLarge) = (0L, 0);
        for (var i = 0; i < least.Count; i++)
        {
            var hour = first + i;
            var onLog = _hours!.Of(hour);
            if (hour * UnixMicros.PerHour < horizon)
            {
                continue;
            }

            if (onLog is { IsTooLarge: true })
            {
                tooLarge++;
                continue;
            }

            var rows = stored.GetValueOrDefault(hour);
            var explained = 0L;
            if (onLog is not null && Math.Min(rows.Raw, rows.RolledUp) < least[i].Readings)
            {
                letters ??= await LetterCounts.ReadAsync(log, schemas, options.SequenceBytesMax, cancellationToken);
                explained = letters.Of(onLog);
            }

            compared += onLog?.Figures.Readings ?? 0;
            if (HourlyComparison.Compare(hour, least[i], onLog?.Figures ?? default, rows, explained, hour >= _knowsAllFrom) is { } difference)
            {
                differences.Add(difference);
            }
        }

        return new HourlyReport
        {
            At = time.GetUtcNow(),
            From = UnixMicros.ToTime(first * UnixMicros.PerHour),
            To = UnixMicros.ToTime((first + least.Count) * UnixMicros.PerHour),
            Compared = compared,
            Missing = differences.Sum(d => d.Missing),
            Excess = differences.Sum(d => d.Excess),
            HoursTooLarge = tooLarge,
            Differences = differences,
        };
    }

    private async Task<IReadOnlyDictionary<int, long>> OffsetsAsync(
        IEnumerable<int> partitions, Func<OffsetRange, long> which, CancellationToken cancellationToken)
    {
        var offsets = new Dictionary<int, long>();
        foreach (var partition in partitions)
        {
            offsets[partition] = which(await log.QueryOffsetsAsync(new TopicPartition(LogTopics.Readings, partition), cancellationToken));
        }

        return offsets;
    }
}
