using System.Globalization;
using Telemetry.IntegrationTests.Support;
using Telemetry.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Sink;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does with a store that fails by script.</summary>
internal static class ScriptedScenarios
{
    private static readonly StatementClass[] Running =
    [
        StatementClass.Insert, StatementClass.InsertSelect, StatementClass.System, StatementClass.Check, StatementClass.Markers,
        StatementClass.SystemTables, StatementClass.Select,
    ];

    /// <summary>Start of the bucket that a reading belongs to, as its rollup writes it.</summary>
    private static readonly (string Rollup, string Bucket)[] Buckets =
    [
        ("readings_1m", "toDateTime(toStartOfMinute(event_time), 'UTC')"),
        ("readings_1h", "toDateTime(toStartOfHour(event_time), 'UTC')"),
        ("readings_1d", "toDateTime(toStartOfDay(event_time), 'UTC')"),
    ];

    private static SinkOptions Options => StorageHarness.Options with
    {
        RetryMin = TimeSpan.FromMilliseconds(5),
        RetryMax = TimeSpan.FromMilliseconds(40),
        PartsCheckWait = TimeSpan.FromMilliseconds(100),
        PartsCheckInterval = TimeSpan.FromMilliseconds(20),
    };

    /// <summary>Every kind of statement fails in every way, while it runs and while it recovers; the store equals the log all the same.</summary>
    public static async Task EveryFaultAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var scripted = new ScriptedClickHouse(harness.ClickHouse);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        var fired = new HashSet<(StatementClass, StoreFault)>();
        await using (var sink = harness.Sink(Options, clickHouse: scripted))
        {
            await sink.StartAsync(CancellationToken.None);
            await sink.WaitUntilReadyAsync(CancellationToken.None);
            foreach (var fault in StoreFaults.All)
            {
                foreach (var kind in Running)
                {
                    await FailOnceAsync(scripted, sink, readings, events, kind, fault, fired);
                }
            }

            scripted.Script = static _ => null;
            await StorageScenarios.UntilAsync(() => sink.IsReady);
            await sink.StopAsync(CancellationToken.None);
        }

        fired.Count.ShouldBeGreaterThan(Running.Length * StoreFaults.All.Count * 3 / 4);
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>
    /// Parts cannot be read back, for every reason but damage: none is taken away, checkpoints go on, and people are told until it is over.
    /// </summary>
    public static async Task NotCheckedAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        foreach (var fault in StoreFaults.All.Where(f => f != StoreFault.Corruption))
        {
            await using var scripted = new ScriptedClickHouse(harness.ClickHouse)
            {
                Script = s => s.Class == StatementClass.Check ? fault : null,
            };
            await using var sink = harness.Sink(Options, clickHouse: scripted);
            await sink.StartAsync(CancellationToken.None);
            await sink.WaitUntilReadyAsync(CancellationToken.None);
            for (var round = 0; round < 2; round++)
            {
                var before = sink.Progress.Sum(p => p.CheckpointNext);
                await StorageScenarios.UntilAsync(() =>
                {
                    DamageScenarios.Feed(readings, events, 3);
                    return sink.Progress.Sum(p => p.CheckpointNext) > before;
                });
            }

            if (fault != StoreFault.Hang)
            {
                await StorageScenarios.UntilAsync(() => sink.Note is not null);
                sink.IsReady.ShouldBeTrue(sink.NotReadyReason);
            }

            scripted.Script = static _ => null;
            scripted.Release();
            await StorageScenarios.UntilAsync(() => sink.Note is null);
            scripted.Statements.ShouldNotContain(s => s.Class == StatementClass.Detach, fault.ToString());
            await sink.StopAsync(CancellationToken.None);
        }

        (await CountAsync(harness, "SELECT count() FROM broken_parts")).ShouldBe(0);
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>Damage that is seen once and not again takes nothing away; damage seen twice does, and the rows come back from the log.</summary>
    public static async Task SeenTwiceAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        foreach (var times in (int[])[1, 2])
        {
            var left = times;
            string? part = null;
            await using var scripted = new ScriptedClickHouse(harness.ClickHouse)
            {
                Script = s =>
                {
                    if (s.Class != StatementClass.Check || left == 0)
                    {
                        return null;
                    }

                    // A part that was merged away after the first look is not looked at again: another one takes its place.
                    left = part == s.Query.Sql ? left : times;
                    part = s.Query.Sql;
                    left--;
                    return StoreFault.Corruption;
                },
            };
            await using var sink = harness.Sink(Options, clickHouse: scripted);
            await sink.StartAsync(CancellationToken.None);
            await sink.WaitUntilReadyAsync(CancellationToken.None);
            await StorageScenarios.UntilAsync(() =>
            {
                DamageScenarios.Feed(readings, null, 3);
                return left == 0;
            });
            await readings.FlushAsync();
            if (times == 2)
            {
                await StorageScenarios.UntilAsync(() => scripted.Statements.Any(s => s.Class == StatementClass.Detach));
            }

            await StorageScenarios.UntilAsync(() => sink.IsReady);
            await sink.StopAsync(CancellationToken.None);
            scripted.Statements.Any(s => s.Class == StatementClass.Detach).ShouldBe(times == 2);
        }

        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>One table refuses every INSERT: its sink waits longer each time, readiness says which, and the others go on.</summary>
    public static async Task RefusedTableAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        foreach (var table in (string[])["anomalies", "readings"])
        {
            using var logs = new LogEntries();
            var refusing = true;
            await using var scripted = new ScriptedClickHouse(harness.ClickHouse)
            {
                Script = s => refusing && s.Class == StatementClass.Insert && s.Query.Sql.StartsWith($"INSERT INTO {table} ", StringComparison.Ordinal)
                    ? StoreFault.Unknown
                    : null,
            };
            var options = Options with { RetryMin = TimeSpan.FromMilliseconds(10), RetryMax = TimeSpan.FromMilliseconds(160) };
            await using var sink = harness.Sink(options, logs, scripted);
            await sink.StartAsync(CancellationToken.None);
            await sink.WaitUntilReadyAsync(CancellationToken.None);

            // Each session gets as far as recovery; that alone must not make the pauses short again.
            await StorageScenarios.UntilAsync(() =>
            {
                DamageScenarios.Feed(readings, events, 1);
                return Delays(logs).Contains(options.RetryMax);
            });
            var delays = Delays(logs);
            delays.ShouldBe(delays.Order());
            await StorageScenarios.UntilAsync(() => sink is { IsReady: false, NotReadyReason: { } reason }
                && reason.Contains("Nobody knows", StringComparison.Ordinal) && reason.Contains(table, StringComparison.Ordinal));
            if (table == "anomalies")
            {
                var before = sink.Progress.Sum(p => p.CheckpointNext);
                await StorageScenarios.UntilAsync(() =>
                {
                    DamageScenarios.Feed(readings, events, 3);
                    return sink.Progress.Sum(p => p.CheckpointNext) > before;
                });
            }

            refusing = false;
            await StorageScenarios.UntilAsync(() => sink.IsReady);
            await sink.StopAsync(CancellationToken.None);
        }

        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>
    /// Markers span a hole in every rollup, and raw has lost an old month meanwhile: what can be built again is, and nothing of the old
    /// month goes.
    /// </summary>
    public static async Task RebuildBeyondRawAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await DamageScenarios.MakeHolesAsync(harness, readings, seed);
        var before = new Dictionary<string, Dictionary<string, long>>();
        foreach (var (rollup, bucket) in Buckets)
        {
            before[rollup] = await OldBucketsAsync(harness, "ts", "sum(n)", rollup);
            before[rollup].ShouldNotBeEmpty(bucket);
        }

        var series = await CountAsync(harness, "SELECT uniqExact(sensor, device) FROM readings_last WHERE device != '$sink'");
        await harness.ClickHouse.ExecuteAsync(new ClickHouseQuery("ALTER TABLE readings DROP PARTITION 202512"), CancellationToken.None);

        await StorageScenarios.RunToEndAsync(harness);

        foreach (var (rollup, bucket) in Buckets)
        {
            // Recovery has read again from the log what came after the checkpoint. A bucket of which only that is known is raw's; of any other,
            // what the rollup had stays, and neither the rollup's readings nor raw's are fewer than what there is now.
            var raw = await OldBucketsAsync(harness, bucket, "count()", "readings");
            var after = await OldBucketsAsync(harness, "ts", "sum(n)", rollup);
            foreach (var start in raw.Keys.Union(before[rollup].Keys))
            {
                var (had, found) = (before[rollup].GetValueOrDefault(start), raw.GetValueOrDefault(start));
                after.GetValueOrDefault(start).ShouldBeInRange(Math.Max(had, found), had + found, $"{rollup} {start}: {had} before, {found} in raw");
            }

            after.Keys.ShouldBeSubsetOf(raw.Keys.Union(before[rollup].Keys));
            (await CountAsync(
                harness,
                $"SELECT (SELECT sum(n) FROM {rollup} WHERE device NOT IN ('$sink', '$fleet') AND ts >= '2026-01-01') - (SELECT count() FROM readings WHERE device != '$sink' AND event_time >= '2026-01-01')"))
                .ShouldBe(0, rollup);
            (await CountAsync(harness, $"SELECT countIf(n != mark_hi - mark_lo + 1) FROM {rollup} WHERE device = '$sink'")).ShouldBe(0, rollup);
        }

        (await CountAsync(harness, "SELECT uniqExact(sensor, device) FROM readings_last WHERE device != '$sink'")).ShouldBeGreaterThanOrEqualTo(series);
        (await CountAsync(
            harness, "SELECT (SELECT sum(n) FROM readings_last WHERE device != '$sink') - (SELECT sum(n) FROM readings_1d WHERE device != '$sink')")).ShouldBe(0);

        // The markers are whole: the next start finds nothing to fill in or to build.
        var counts = await CountAsync(harness, "SELECT sum(n) FROM readings_1d WHERE device != '$sink'");
        await StorageScenarios.RunToEndAsync(harness);
        (await CountAsync(harness, "SELECT sum(n) FROM readings_1d WHERE device != '$sink'")).ShouldBe(counts);
    }

    /// <summary>Readings in each bucket of 2025, by the bucket's start.</summary>
    private static async Task<Dictionary<string, long>> OldBucketsAsync(StorageHarness harness, string bucket, string count, string table)
    {
        var time = table == "readings" ? "event_time" : "ts";
        var rows = await harness.ClickHouse.QueryRowsAsync(
            $"SELECT toString({bucket}) AS start, {count} FROM {table} WHERE device NOT IN ('$sink', '$fleet') AND {time} < '2026-01-01' GROUP BY start",
            null,
            CancellationToken.None);
        return rows.ToDictionary(r => r[0], r => long.Parse(r[1], CultureInfo.InvariantCulture));
    }

    private static async Task FailOnceAsync(
        ScriptedClickHouse scripted,
        StorageSink sink,
        ReadingFeed readings,
        EventFeed events,
        StatementClass kind,
        StoreFault fault,
        HashSet<(StatementClass, StoreFault)> fired)
    {
        // First an INSERT whose answer is lost, so that recovery runs, then the fault, once or twice.
        var first = true;
        var left = 1 + (fired.Count % 2);
        scripted.Script = statement =>
        {
            if (first)
            {
                first = statement.Class != StatementClass.Insert;
                return first ? null : StoreFault.BrokenAfter;
            }

            if (left == 0 || statement.Class != kind)
            {
                return null;
            }

            left--;
            fired.Add((kind, fault));
            return fault;
        };
        var deadline = DateTime.UtcNow.AddSeconds(3);
        while (left > 0 && DateTime.UtcNow < deadline)
        {
            DamageScenarios.Feed(readings, events, 2);
            await Task.Delay(5);
            scripted.Release();
        }

        scripted.Script = static _ => null;
        scripted.Release();
        await readings.FlushAsync();
        await events.FlushAsync();
        await StorageScenarios.UntilAsync(() =>
        {
            scripted.Release();
            return sink.IsReady;
        });
    }

    private static List<TimeSpan> Delays(LogEntries logs) =>
        [.. logs.All.Where(e => e.Id == 4030).Select(e => (TimeSpan)e.Values.Single(v => v.Key == "Delay").Value!)];

    private static async Task<long> CountAsync(StorageHarness harness, string sql) => long.Parse(
        (await harness.ClickHouse.QueryRowsAsync(sql, null, CancellationToken.None))[0][0], CultureInfo.InvariantCulture);
}
