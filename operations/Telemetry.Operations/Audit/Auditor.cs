using System.Globalization;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Simulator.Ledger;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;

namespace Telemetry.Operations.Audit;

/// <summary>
/// Ledger = log = raw = rollups, with every difference listed. Reads the log and the store in pieces: memory is bounded, whatever their age.
/// What retention may have removed is not compared.
/// </summary>
public sealed class Auditor(IRecordLog log, IClickHouse clickHouse, IReadingSchemas schemas, AuditOptions options)
{
    /// <summary>Smaller shares than this are no answer to a lack of memory.</summary>
    private const ulong SharesMax = 1 << 20;

    private readonly AuditQueries _queries = new(clickHouse, options.Sample);

    /// <param name="ledgerDirectory">Ledgers of the simulator; none are compared when there is no such directory.</param>
    /// <param name="window">From when on the store's tables are complete.</param>
    /// <param name="progress">Told how far the audit is; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    /// <exception cref="InvalidOperationException">The sequences are in so many pieces that even the smallest share does not fit in memory.</exception>
    public async Task<AuditReport> RunAsync(
        string ledgerDirectory, AuditWindow window, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetTimestamp();
        var ledger = Directory.Exists(ledgerDirectory) ? ledgerDirectory : null;
        window = window.Since(await _queries.OldestAsync(cancellationToken));
        var months = await _queries.MonthsAsync(cancellationToken);
        var total = new AuditTally();
        var rows = await _queries.CountRawAsync(cancellationToken);
        long onLog = 0, withCopies = 0, conflicts = 0, raw = 0;
        var horizon = Bounded(await LogHorizon.ReadAsync(log, LogTopics.Readings, TimeProvider.System, cancellationToken));
        var logIsWhole = horizon.RecordsFrom == DateTimeOffset.UnixEpoch;
        var deleted = await DeletedDevices.ReadAsync(clickHouse, cancellationToken);
        var passedOver = 0L;
        var shares = new Stack<SequenceShare>([SequenceShare.All]);
        while (shares.TryPop(out var share))
        {
            try
            {
                var evidence = new AuditEvidence(share, new SequenceBudget(options.SequenceBytesMax)) 
                {
                    LogIsWhole = logIsWhole, RawIsWhole = window.Raw == 0,
                };
                var logScan = new LogScan(evidence, schemas, window.Raw, deleted, options.Sample);
                await logScan.ReadAsync(log, horizon, progress, cancellationToken);
                var letters = new LetterScan(evidence, schemas);
                await letters.ReadAsync(log, cancellationToken);
                var rawScan = new RawScan(evidence, _queries);
                await rawScan.ReadAsync(months, UnixMicros.From(horizon.EventsFrom(options.FutureMax)), rows, progress, cancellationToken);
                total.Add(Compare(evidence, rawScan, Ledger(ledger), deleted));
                onLog += evidence.Log.Count;
                withCopies += logScan.Copies;
                passedOver = logScan.Deleted;
                conflicts += letters.Conflicts;
                raw += rawScan.Rows;
            }
            catch (SequencesTooManyException) when (share.Count < SharesMax)
            {
                foreach (var smaller in share.Split())
                {
                    shares.Push(smaller);
                }
            }
            catch (SequencesTooManyException e)
            {
                throw new InvalidOperationException(
                    $"The sequences are in too many pieces: even one of {SharesMax} shares does not fit in {options.SequenceBytesMax} bytes.", e);
            }
        }

        var rollups = await CompareRollupsAsync(months, rows, window, total, progress, cancellationToken);
        return new AuditReport
        {
            Acked = Ledger(ledger)?.Sum(e => e.AckedCount),
            Sample = options.Sample.IsAll ? null : await SampleAsync(cancellationToken),
            Log = onLog,
            Raw = raw,
            Rollups = rollups,
            Lost = total.Lost,
            Doubled = total.Doubled,
            Unexplained = total.Unexplained,
            Expired = total.Expired,
            Conflicts = conflicts,
            Deleted = passedOver,
            DeadLettered = total.DeadLettered,
            Copies = Math.Max(0, withCopies - onLog - conflicts),
            CompleteFrom = CompleteFrom(window, logIsWhole ? null : horizon.RecordsFrom),
            Seconds = Math.Round(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 1),
            Differences = total.Differences,
        };
    }

    private IEnumerable<LedgerEntry>? Ledger(string? directory) =>
        directory is null ? null : LedgerReader.Read(directory).Where(e => options.Sample.Contains(e.Device));

    private async Task<SampledDevices> SampleAsync(CancellationToken cancellationToken)
    {
        var (all, sampled) = await _queries.CountDevicesAsync(cancellationToken);
        return new SampledDevices(options.Sample.Share, sampled, all);
    }

    /// <summary>What has come since storage stopped is not missing in the store.</summary>
    private LogHorizon Bounded(LogHorizon horizon) => options.Ends is not { } ends ? horizon : new LogHorizon(
    [
        .. horizon.Partitions.Select(p => p with
        {
            Offsets = p.Offsets with { High = Math.Clamp(ends.GetValueOrDefault(p.Partition), p.Offsets.Low, p.Offsets.High) },
        }),
    ]);

    private static AuditTally Compare(AuditEvidence evidence, RawScan rawScan, IEnumerable<LedgerEntry>? ledger, DeletedDevices deleted)
    {
        var comparison = new AuditComparison(evidence);
        if (ledger is not null)
        {
            comparison.Ledger(ledger.Where(entry => !deleted.Devices.Contains(entry.Device)));
        }

        comparison.LogAgainstRaw();
        comparison.Tally.AddDoubled(rawScan.Doubled);
        foreach (var (key, doubled) in rawScan.DoubledBoots)
        {
            comparison.Tally.AddDifference(string.Create(
                CultureInfo.InvariantCulture, $"{key.Device} boot {key.Boot:x16}: {doubled} rows more than readings"));
        }

        return comparison.Tally;
    }

    private static Dictionary<string, DateTimeOffset>? CompleteFrom(AuditWindow window, DateTimeOffset? log)
    {
        var from = new Dictionary<string, DateTimeOffset>();
        if (log is { } oldest)
        {
            from["log"] = oldest;
        }

        foreach (var (table, us) in window.Rollups.Prepend(new("readings", window.Raw)).Where(t => t.Value > 0))
        {
            from[table] = UnixMicros.ToTime(us);
        }

        return from.Count == 0 ? null : from;
    }

    private async Task<Dictionary<string, long>> CompareRollupsAsync(
        IReadOnlyList<int> months,
        long rows,
        AuditWindow window,
        AuditTally tally,
        IProgress<WorkProgress>? progress,
        CancellationToken cancellationToken)
    {
        var rollups = new Dictionary<string, long>();
        foreach (var totals in await _queries.TotalsAsync(window, cancellationToken))
        {
            rollups[totals.Rollup] = totals.All;
            tally.AddLost(Math.Max(0, totals.Raw - totals.Readings));
            tally.AddDoubled(Math.Max(0, totals.Readings - totals.Raw));
        }

        var done = 0L;
        foreach (var month in months)
        {
            await foreach (var slice in _queries.SlicesAsync(month, cancellationToken))
            {
                foreach (var rollup in AuditQueries.Rollups)
                {
                    await TakeAsync(_queries.CompareAsync(rollup, slice, window, cancellationToken), tally);
                }

                done += slice.Rows;
                progress?.Report(new WorkProgress("Comparing rollups with raw", done, rows, "readings"));
            }
        }

        foreach (var month in months)
        {
            foreach (var rollup in AuditQueries.Rollups)
            {
                await TakeAsync(_queries.CompareFleetsAsync(rollup, month, window, cancellationToken), tally);
            }
        }

        await TakeAsync(_queries.CompareLatestAsync(window, cancellationToken), tally);
        return rollups;
    }

    private static async Task TakeAsync(IAsyncEnumerable<RollupDifference> differences, AuditTally tally)
    {
        await foreach (var difference in differences)
        {
            tally.AddUnexplained(1);
            tally.AddDifference(string.Join(
                ' ',
                new[] { difference.Table, difference.Device, difference.Sensor, difference.Bucket }.Where(t => t.Length > 0))
                + $": {(difference.IsOfAllDevices ? "its devices say" : "raw says")} {difference.Expected}, rollup {difference.Found}");
        }
    }
}
