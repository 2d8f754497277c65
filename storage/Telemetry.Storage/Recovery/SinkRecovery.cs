using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Verification;
using Telemetry.Storage.Writing;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Storage.Recovery;

/// <summary>
/// What happens before the sink takes a partition's first record: restore the duplicate filter to the checkpoint, read which
/// offsets the tables hold above it, and fill in what is missing. Afterwards all targets hold the same offsets.
/// </summary>
internal sealed class SinkRecovery(
    IRecordLog log,
    IClickHouse clickHouse,
    SinkStream stream,
    SinkClaims claims,
    SinkOptions options,
    IRecordIntake intake,
    SinkMetrics metrics,
    PartsScrubber? scrubber,
    ILogger logger,
    TimeProvider time)
{
    private readonly IReadOnlyList<string> _tables = [.. stream.Targets.Select(t => t.Table)];
    private readonly PartitionRecovery _partition = new(log, stream, claims, options, intake, metrics, logger);
    private readonly RollupRebuild _rebuild = new(clickHouse, claims, options, logger, time);
    private readonly StoreHorizonReader _horizon = new(clickHouse, time);
    private bool _scrubbing;

    /// <summary>
    /// The partitions are claimed first, and nobody else's rebuild of a rollup goes on. In a store of our own merges stand still until
    /// <see cref="ResumeMergesAsync"/>, lest one join two markers across a hole: then a month would be rebuilt for nothing. A shared
    /// store's merges are not ours to stop (one sink's START would end another's STOP, and a killed sink's STOP would stay).
    /// </summary>
    public async ValueTask<IReadOnlyList<PartitionState>> RecoverAsync(
        string group, IReadOnlyList<TopicPartition> inputs, CancellationToken cancellationToken)
    {
        await claims.ClaimAsync([.. inputs.Select(i => i.Partition)], cancellationToken);
        if (stream.HasRollups)
        {
            await _rebuild.EndFormerAsync(cancellationToken);
        }

        await claims.CatchUpAsync(_tables, cancellationToken);
        await MergesAsync("STOP", cancellationToken);
        var committed = await log.QueryCommittedAsync(group, inputs, cancellationToken);
        if (stream.HasRollups)
        {
            await _horizon.NoteGoneAsync(committed.ToDictionary(c => c.Key.Partition, c => c.Value.Offset), cancellationToken);
        }

        await CheckPartsAsync(committed, cancellationToken);
        await BrokenPartsLedger.NoteOpenedAsync(clickHouse, _tables, cancellationToken);
        var states = new List<PartitionState>(inputs.Count);
        var alarms = new List<CoverageAlarm>();
        var settled = new List<(int Partition, IReadOnlyList<BrokenPart> Parts)>();
        foreach (var input in inputs)
        {
            var at = committed.TryGetValue(input, out var c) ? c.Offset : (long?)null;
            var broken = await BrokenPartsLedger.PendingAsync(clickHouse, _tables, input.Partition, cancellationToken);
            if (broken.Count > 0)
            {
                Log.BrokenOnStart(logger, broken.Count, input.Partition);
                await BrokenPartsLedger.DetachAsync(clickHouse, broken, cancellationToken);
            }

            states.Add(await RecoverAsync(input, at, broken.Count > 0, alarms, cancellationToken));
            settled.Add((input.Partition, broken));
        }

        if (alarms.Count > 0)
        {
            await RebuildAsync(alarms, cancellationToken);
        }

        foreach (var (partition, parts) in settled)
        {
            await BrokenPartsLedger.SettleAsync(clickHouse, parts, partition, cancellationToken);
        }

        return states;
    }

    public ValueTask ResumeMergesAsync(CancellationToken cancellationToken) => MergesAsync("START", cancellationToken);

    /// <summary>With every other sink stopped: their INSERTs are refused from the claim on, and they compare anew afterwards.</summary>
    private async ValueTask RebuildAsync(IReadOnlyList<CoverageAlarm> alarms, CancellationToken cancellationToken)
    {
        if ((await claims.LayoutAsync(cancellationToken)).Cluster is { } cluster)
        {
            var months = string.Join(", ", alarms.Select(a => $"{a.Target.Table} {a.Month}").Distinct());
            throw new CoverageException(
                $"Markers span a hole in {months}. On a cluster ({cluster}) rollups are not built again by themselves: stop all store processes, "
                + "on one replica of the shard build a table with the view's SELECT over that month of readings and put it in place by "
                + "ALTER TABLE ... REPLACE PARTITION, and start them again (docs/storage.md, Recovery).");
        }

        var partitions = await log.QueryPartitionCountAsync(stream.Topic, cancellationToken);
        var others = await claims.ClaimOthersAsync(partitions, cancellationToken);
        await _rebuild.RunAsync(alarms, cancellationToken);
        claims.Release(others);
    }

    private async ValueTask<PartitionState> RecoverAsync(
        TopicPartition input, long? committed, bool fromOldest, List<CoverageAlarm> alarms, CancellationToken cancellationToken)
    {
        var (low, high) = await log.QueryOffsetsAsync(input, cancellationToken);
        var filter = stream.HasIds ? new DuplicateFilter(options.Duplicates, options.State) : null;
        if (filter is not null)
        {
            await StateRestorer.RestoreAsync(
                log, LogTopics.SinkState, input, committed, filter.Table, static _ => { }, record => intake.Replay(filter, record), cancellationToken);
        }

        if (committed < low)
        {
            Log.LostByRetention(logger, input.Partition, committed.Value, low, low - committed.Value);
        }

        var from = Math.Max(low, committed ?? low);
        var coverage = await Coverage.ReadAsync(clickHouse, stream.Targets, input.Partition, fromOldest ? low : from, cancellationToken);
        alarms.AddRange(coverage.Alarms);
        if (coverage.Last >= high)
        {
            throw new RecordLogException(
                RecordLogError.OffsetOutOfRange,
                $"The tables hold offsets up to {coverage.Last} of {input}, but the log ends at {high}: it is another log, or it has lost records. "
                + "Point the sink at the log this store was filled from, or start with an empty database.");
        }

        var rows = 0L;
        if (fromOldest && low < from)
        {
            // Below the checkpoint copies are told by a filter that starts at the oldest offset, as when they first came.
            intake.Again = true;
            rows = await _partition.FillAsync(
                input, coverage, stream.HasIds ? new DuplicateFilter(options.Duplicates, options.State) : null, low, from - 1, cancellationToken);
            intake.Again = false;
        }

        // Offsets above the last one any target holds are missing in all alike: the ordinary way through stores them.
        var end = Math.Max(from - 1, coverage.Last);
        rows += await _partition.FillAsync(input, coverage, filter, from, end, cancellationToken);
        Log.PartitionRecovered(logger, input.Topic, input.Partition, committed ?? -1, coverage.Last, rows, end + 1);
        return new PartitionState(input, filter, end + 1);
    }

    private async ValueTask CheckPartsAsync(
        IReadOnlyDictionary<TopicPartition, CommittedOffset> committed, CancellationToken cancellationToken)
    {
        if (scrubber is null || (await claims.LayoutAsync(cancellationToken)).Cluster is not null)
        {
            // Replicated tables check their parts themselves and fetch a broken one from another replica.
            return;
        }

        if (!_scrubbing)
        {
            var times = committed.Values.Select(CheckpointNote.Read).ToList();
            scrubber.Start(times.Count > 0 && times.TrueForAll(t => t is not null) ? times.Min() : null);
            _scrubbing = true;
        }

        // Markers in a damaged part vouch for rows that are about to go, so it is better to know first; but nobody waits for ever.
        await scrubber.WaitAsync(freshOnly: false, options.PartsCheckWait, cancellationToken);
    }

    private async ValueTask MergesAsync(string what, CancellationToken cancellationToken)
    {
        if (claims.Enabled)
        {
            return;
        }

        foreach (var target in stream.Targets)
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(string.Create(CultureInfo.InvariantCulture, $"SYSTEM {what} MERGES {target.Table}")), cancellationToken);
        }
    }
}
