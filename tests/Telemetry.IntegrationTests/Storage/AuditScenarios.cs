using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Readings;
using Telemetry.Operations.Audit;
using Telemetry.Storage.Audit;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Replay;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does to a store that is audited, with the real engine.</summary>
internal static class AuditScenarios
{
    private const string Span = "event_time >= '2026-01-20' AND event_time < '2026-02-05'";
    private static readonly long February = (long)(new DateTime(2026, 2, 1, 0, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalMicroseconds;

    /// <summary>The audit finds what is lost, doubled and falsified, in one share or in many, and tells expired from lost.</summary>
    public static async Task FindAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 4);
        var whole = await AuditAsync(harness);
        whole.ShouldSatisfyAllConditions(
            r => r.IsClean.ShouldBeTrue(string.Join('\n', r.Differences)),
            r => r.Log.ShouldBe(r.Raw),
            r => r.Raw.ShouldBe(Count(harness, "SELECT count() FROM readings_data")),
            r => r.Copies.ShouldBeGreaterThan(0),
            r => r.CompleteFrom.ShouldBeNull(),
            r => r.Rollups.Values.ShouldAllBe(n => n == r.Raw));

        // Memory for some boots only: many shares, the same answer.
        var shared = await AuditAsync(harness, new AuditOptions { SequenceBytesMax = 30_000 });
        (shared.IsClean, shared.Log, shared.Raw, shared.Copies).ShouldBe((true, whole.Log, whole.Raw, whole.Copies));

        // All devices together count one reading more than they do apart.
        await ExecuteAsync(harness, "INSERT INTO readings_1h (sensor, device, ts, n) SELECT sensor, '$fleet', ts, 1 FROM readings_1h_fleet_data LIMIT 1");
        var fleet = await AuditAsync(harness);
        (fleet.IsClean, fleet.Unexplained, fleet.Lost, fleet.Doubled).ShouldBe((false, 1, 0, 0));
        fleet.Differences.ShouldHaveSingleItem().ShouldContain("$fleet");

        var lost = Count(harness, "SELECT count() FROM readings WHERE device = 'device-3'");
        var doubled = Count(harness, "SELECT count() FROM readings WHERE device = 'device-5'");
        await ExecuteAsync(harness, "INSERT INTO readings SELECT * FROM readings WHERE device = 'device-5'");
        await ExecuteAsync(harness, "ALTER TABLE readings DELETE WHERE device = 'device-3' SETTINGS mutations_sync = 2");
        await ExecuteAsync(harness, "INSERT INTO readings SELECT sensor, device, event_time, value, quality, boot, sequence + 1000000 FROM readings WHERE device = 'device-7' LIMIT 3");
        foreach (var options in (AuditOptions[])[new(), new() { SequenceBytesMax = 30_000 }])
        {
            var found = await AuditAsync(harness, options);
            found.Doubled.ShouldBeGreaterThanOrEqualTo(doubled, "rollups now count more than raw as well");
            found.Lost.ShouldBeGreaterThanOrEqualTo(lost);
            found.Differences.ShouldContain(d => d.Contains("device-3 boot", StringComparison.Ordinal) && d.EndsWith("on the log but not stored", StringComparison.Ordinal));
            found.Differences.ShouldContain(d => d.Contains("device-7 boot", StringComparison.Ordinal) && d.EndsWith("stored but not on the log", StringComparison.Ordinal));
            found.Unexplained.ShouldBeGreaterThan(3, "the rollups differ as well");
        }
    }

    /// <summary>Shares of the devices: the counts of a sample are those of its devices, the store draws as the audit does, and losses of others are not seen.</summary>
    public static async Task SampleAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 3);
        var sample = new AuditSample(0.4, 5);
        var devices = (await harness.ClickHouse.QueryRowsAsync("SELECT DISTINCT device FROM readings_data", null, CancellationToken.None)).Select(r => r[0]).ToList();
        var (drawn, others) = (devices.Where(sample.Contains).Order().ToList(), devices.Where(d => !sample.Contains(d)).Order().ToList());
        new[] { drawn.Count, others.Count }.Min().ShouldBeGreaterThan(1, "choose another seed");
        var names = string.Join(", ", drawn.Select(d => $"'{d}'"));

        var clean = await AuditAsync(harness, new AuditOptions { Sample = sample });
        clean.ShouldSatisfyAllConditions(
            r => r.IsClean.ShouldBeTrue(string.Join('\n', r.Differences)),
            r => r.Raw.ShouldBe(Count(harness, $"SELECT count() FROM readings_data WHERE device IN ({names})")),
            r => r.Log.ShouldBe(r.Raw),
            r => r.Rollups.Values.ShouldAllBe(n => n == r.Raw),
            r => r.Sample.ShouldBe(new SampledDevices(0.4, drawn.Count, devices.Count)));

        await ExecuteAsync(harness, $"ALTER TABLE readings DELETE WHERE device = '{others[0]}' SETTINGS mutations_sync = 2");
        (await AuditAsync(harness, new AuditOptions { Sample = sample })).IsClean.ShouldBeTrue("another device's loss is not seen");
        var lost = Count(harness, $"SELECT count() FROM readings_data WHERE device = '{drawn[0]}'");
        await ExecuteAsync(harness, $"ALTER TABLE readings DELETE WHERE device = '{drawn[0]}' SETTINGS mutations_sync = 2");
        (await AuditAsync(harness, new AuditOptions { Sample = sample })).Lost.ShouldBeGreaterThanOrEqualTo(lost);
    }

    /// <summary>Raw and the minutes have expired before a moment: that is no loss, and a loss behind it is one.</summary>
    public static async Task ExpireAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 3);
        var expired = Count(harness, $"SELECT count() FROM readings_data WHERE event_time < '2026-02-01'");
        expired.ShouldBeGreaterThan(0);
        foreach (var table in (string[])["readings", "readings_1m"])
        {
            await ExecuteAsync(harness, $"ALTER TABLE {table} DELETE WHERE device != '$sink' AND {(table == "readings" ? "event_time" : "ts")} < '2026-02-01' SETTINGS mutations_sync = 2");
        }

        (await AuditAsync(harness)).Lost.ShouldBeGreaterThanOrEqualTo(expired);
        var window = new AuditWindow(February, new Dictionary<string, long> { ["readings_1m"] = February });
        var report = await AuditAsync(harness, window: window);
        report.IsClean.ShouldBeTrue(string.Join('\n', report.Differences));
        report.Expired.ShouldBe(expired);
        report.CompleteFrom!.Keys.ShouldBe(["readings", "readings_1m"], ignoreOrder: true);

        var lost = Count(harness, "SELECT count() FROM readings_data WHERE device = 'device-4'");
        lost.ShouldBeGreaterThan(0);
        await ExecuteAsync(harness, "ALTER TABLE readings DELETE WHERE device = 'device-4' SETTINGS mutations_sync = 2");
        var found = await AuditAsync(harness, window: window);
        found.Lost.ShouldBeGreaterThanOrEqualTo(lost);
        found.Expired.ShouldBe(expired);
    }

    /// <summary>Some rounds of readings and events are stored.</summary>
    public static async Task FillAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 2, events);
    }

    /// <summary>A restored store is older than the sink's checkpoint: a replay fills the gap, the audit finds nothing, and sinks go on.</summary>
    public static async Task MendRestoredAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await StorageScenarios.RunToEndAsync(harness);
        (await AuditAsync(harness)).Lost.ShouldBeGreaterThan(0, "there is no gap to fill");
        var mended = await ReplayAsync(harness, apply: true);
        mended.IsClean.ShouldBeTrue();
        mended.Skipped.ShouldBeEmpty();
        mended.Events.ShouldAllBe(e => e.LogIsComplete && e.Swapped.Count > 0);
        var report = await AuditAsync(harness);
        report.IsClean.ShouldBeTrue(string.Join('\n', report.Differences));
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 1, events);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
    }

    /// <summary>Anomalies, incidents, alarms and device events are lost and doubled; the log puts them right.</summary>
    public static async Task MendEventsAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        await using var events = new EventFeed(harness.Log, seed);
        await StoreAsync(harness, readings, 2, events);
        (await ReplaySpanAsync(apply: false)).Events.ShouldAllBe(e => e.IsClean && e.Log > 20);

        var lost = Count(harness, $"SELECT count() FROM anomalies_data WHERE {Span} AND device < 'device-2'");
        var doubled = Count(harness, $"SELECT count() FROM device_events_data WHERE {Span} AND device < 'device-2'");
        var gone = Count(harness, $"SELECT count() FROM incidents_data WHERE {Span} AND device < 'device-2'");
        var missing = Count(harness, $"SELECT count() FROM alarms_data WHERE {Span} AND device < 'device-2'");
        var entries = Count(harness, $"SELECT count() FROM catalogue_data WHERE {Span} AND device < 'device-2'");
        new[] { gone, lost, doubled, missing, entries }.Min().ShouldBeGreaterThan(0);
        await ExecuteAsync(
            harness, $"INSERT INTO catalogue SELECT * REPLACE ('compacted' AS comment) FROM catalogue WHERE device != '$sink' AND {Span} AND device < 'device-2' LIMIT 1");
        await ExecuteAsync(
            harness, $"ALTER TABLE catalogue DELETE WHERE device != '$sink' AND comment != 'compacted' AND {Span} AND device < 'device-2' SETTINGS mutations_sync = 2");
        await ExecuteAsync(harness, $"ALTER TABLE alarms DELETE WHERE device != '$sink' AND {Span} AND device < 'device-2' SETTINGS mutations_sync = 2");
        await ExecuteAsync(harness, $"ALTER TABLE incidents DELETE WHERE device != '$sink' AND {Span} AND device < 'device-2' SETTINGS mutations_sync = 2");
        await ExecuteAsync(harness, $"ALTER TABLE anomalies DELETE WHERE device != '$sink' AND {Span} AND device < 'device-2' SETTINGS mutations_sync = 2");
        await ExecuteAsync(harness, $"INSERT INTO device_events SELECT * FROM device_events WHERE device != '$sink' AND {Span} AND device < 'device-2'");
        var found = await ReplaySpanAsync(apply: false);
        found.Events.Select(e => (e.Missing, e.Surplus)).ShouldBe([(lost, 0), (0, doubled), (gone, 0), (missing, 0), (entries, 0)]);
        found.IsClean.ShouldBeFalse();

        (await ReplaySpanAsync(apply: true)).IsClean.ShouldBeTrue();
        Count(harness, "SELECT count() FROM catalogue_data WHERE comment = 'compacted'").ShouldBe(1, "the log may have lost it to compaction");
        await ExecuteAsync(harness, "ALTER TABLE catalogue DELETE WHERE comment = 'compacted' SETTINGS mutations_sync = 2");
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        Count(harness, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND position(name, '_rebuild_') > 0").ShouldBe(0);
        await StoreAsync(harness, readings, 1, events);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();

        Task<SpanReplayReport> ReplaySpanAsync(bool apply) => ReplayAsync(
            harness, apply, new DateTimeOffset(2026, 1, 20, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2026, 2, 5, 0, 0, 0, TimeSpan.Zero));
    }

    private static async Task StoreAsync(StorageHarness harness, ReadingFeed readings, int rounds, EventFeed? events = null)
    {
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < 300; i++)
            {
                readings.Append();
                events?.Append();
            }

            await readings.FlushAsync();
            if (events is not null)
            {
                await events.FlushAsync();
            }

            await StorageScenarios.RunToEndAsync(harness);
        }
    }

    private static Task<AuditReport> AuditAsync(StorageHarness harness, AuditOptions? options = null, AuditWindow? window = null) =>
        new Auditor(harness.Log, harness.ClickHouse, ReleasedReadingSchemas.Instance, options ?? new AuditOptions())
            .RunAsync("", window ?? AuditWindow.Everything, null, CancellationToken.None);

    private static Task<SpanReplayReport> ReplayAsync(StorageHarness harness, bool apply, DateTimeOffset? from = null, DateTimeOffset? to = null) =>
        new SpanReplay(
                harness.Log, harness.ClickHouse, StorageHarness.Options, AuditWindow.Everything, NullLoggerFactory.Instance, TimeProvider.System, ReleasedReadingSchemas.Instance)
            .RunAsync(
                new SpanReplayRequest(from ?? new(2025, 12, 20, 0, 0, 0, TimeSpan.Zero), to ?? new(2026, 3, 5, 0, 0, 0, TimeSpan.Zero), apply, TimeSpan.FromDays(1)),
                null,
                CancellationToken.None);

    private static Task ExecuteAsync(StorageHarness harness, string sql) =>
        harness.ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None).AsTask();

    private static long Count(StorageHarness harness, string sql) => long.Parse(
        harness.ClickHouse.QueryRowsAsync(sql, null, CancellationToken.None).AsTask().GetAwaiter().GetResult()[0][0], CultureInfo.InvariantCulture);
}
