using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.Storage.Merging;

/// <summary>
/// Merges months that are over (years, of the days' rollup) to one part each, one after the other, in quiet hours. Which are due is asked anew each
/// time, so it goes on after a restart where it was. It runs on a lane for long work, and a month for which the disk has no room, twice its size, is left.
/// A merge is no danger to markers: those of one chain join up, and recovery stops merges before it reads them.
/// </summary>
internal sealed class ClosedMonths(IClickHouse clickHouse, ClosedMonthOptions options, Action merged, ILogger logger, TimeProvider time)
{
    private readonly HashSet<(string Table, string Partition)> _failed = [];

    /// <summary>Works until the token fires; whatever fails is tried again the next day.</summary>
    /// <param name="isOurs">Asked before each merge: false while another process has it to do.</param>
    /// <param name="cancellationToken">Breaks a merge off; what it had done is done anew.</param>
    public async Task RunAsync(Func<bool> isOurs, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(options.Interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                try
                {
                    await MergeDueAsync(isOurs, cancellationToken);
                }
                catch (ClickHouseException e)
                {
                    // The store does not answer: asked again at the next turn.
                    Log.MonthsNotKnown(logger, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    /// <summary>Merges what is due, as long as the quiet hours last. Returns how many partitions.</summary>
    /// <exception cref="ClickHouseException">The store cannot be asked.</exception>
    internal async ValueTask<int> MergeDueAsync(Func<bool> isOurs, CancellationToken cancellationToken)
    {
        var count = 0;
        while (true)
        {
            if (!options.IsQuiet(time.GetLocalNow().TimeOfDay))
            {
                _failed.Clear();
                return count;
            }

            if (!isOurs() || await NextAsync(cancellationToken) is not { } due)
            {
                return count;
            }

            try
            {
                Log.MergingMonth(logger, due.Table, due.Partition, due.Parts, due.Bytes);
                await MergeAsync(due, cancellationToken);
                merged();
                count++;
            }
            catch (ClickHouseException e)
            {
                _failed.Add((due.Table, due.Partition));
                Log.MonthNotMerged(logger, due.Table, due.Partition, e.Message);
            }
        }
    }

    /// <summary>The oldest month that is over, fits, and has more than one part, of which the smaller ones are a twentieth of it or many; null: none.</summary>
    private async ValueTask<Due?> NextAsync(CancellationToken cancellationToken)
    {
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT table, partition_id, count(), sum(bytes_on_disk), disk_name FROM system.parts WHERE active AND database = currentDatabase() "
            + "AND match(partition_id, '^[0-9]{4}([0-9]{2})?$') GROUP BY table, partition_id, disk_name "
            // Few late readings are not worth writing a month anew.
            + "HAVING count() > 10 OR (count() > 1 AND sum(bytes_on_disk) - max(bytes_on_disk) >= sum(bytes_on_disk) / 20) ORDER BY partition_id, table",
            null, cancellationToken, QueryKind.Batch);
        var free = (await clickHouse.QueryRowsAsync("SELECT name, toString(least(unreserved_space, 9223372036854775807)) FROM system.disks", null, cancellationToken, QueryKind.Batch))
            .ToDictionary(d => d[0], d => long.Parse(d[1], CultureInfo.InvariantCulture));
        var now = time.GetUtcNow().UtcDateTime;
        return rows.Select(r => new Due(r[0], r[1], int.Parse(r[2], CultureInfo.InvariantCulture), long.Parse(r[3], CultureInfo.InvariantCulture), r[4]))
            .FirstOrDefault(d => EndOf(d.Partition) + options.Settled <= now && d.Bytes <= options.BytesMax && d.Bytes * 2 <= free.GetValueOrDefault(d.Disk)
                && !_failed.Contains((d.Table, d.Partition)));
    }

    private async Task MergeAsync(Due due, CancellationToken cancellationToken)
    {
        var merge = clickHouse.ExecuteAsync(
            new ClickHouseQuery($"OPTIMIZE TABLE {due.Table} PARTITION ID '{due.Partition}' FINAL SETTINGS max_execution_time = 0", Kind: QueryKind.Batch), CancellationToken.None).AsTask();
        try
        {
            await merge.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The engine does not end a merge with its statement, but it does when merges are stopped.
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"SYSTEM STOP MERGES {due.Table}"), CancellationToken.None);
            await merge.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            await clickHouse.ExecuteAsync(new ClickHouseQuery($"SYSTEM START MERGES {due.Table}"), CancellationToken.None);
            throw;
        }
    }

    /// <summary>The first moment after a month (yyyymm) or year (yyyy).</summary>
    private static DateTime EndOf(string partition)
    {
        var year = int.Parse(partition.AsSpan(0, 4), CultureInfo.InvariantCulture);
        return partition.Length == 4
            ? new DateTime(year + 1, 1, 1, 0, 0, 0, DateTimeKind.Utc)
            : new DateTime(year, int.Parse(partition.AsSpan(4), CultureInfo.InvariantCulture), 1, 0, 0, 0, DateTimeKind.Utc).AddMonths(1);
    }

    private sealed record Due(string Table, string Partition, int Parts, long Bytes, string Disk);
}
