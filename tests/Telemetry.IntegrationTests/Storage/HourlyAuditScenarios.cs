using System.Globalization;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.IntegrationTests.Query;
using Telemetry.Operations.Audit.Hourly;
using Telemetry.Storage.ClickHouse;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>The comparison by hour over a real log and store: what it finds, and that what is under way is no difference.</summary>
internal static class HourlyAuditScenarios
{
    private static readonly DateTimeOffset Now = new(2026, 2, 1, 6, 30, 0, TimeSpan.Zero);
    private static readonly HourlyAuditOptions Options = new() { Hours = 24, Settled = TimeSpan.Zero };

    /// <summary>Of the hours compared.</summary>
    private const string Span = "event_time >= '2026-01-31 06:00:00' AND event_time < '2026-02-01 06:00:00'";

    public static async Task RunAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        var audit = Audit(harness, Options);
        await AppendAsync(readings);
        await StorageScenarios.RunToEndAsync(harness);
        var first = await RunAsync(audit, harness);
        first.ShouldSatisfyAllConditions(
            r => r.NotCompared.ShouldBeNull(),
            r => r.Differences.ShouldBeEmpty(),
            r => r.Compared.ShouldBeGreaterThan(1_000),
            r => r.Compared.ShouldBe(Stored(harness)),
            r => (r.From, r.To).ShouldBe((Now.AddMinutes(-30).AddDays(-1), Now.AddMinutes(-30))));

        // On the log and not stored yet: under way, and then not yet to be compared again.
        await AppendAsync(readings);
        var underWay = await RunAsync(audit, harness);
        underWay.Differences.ShouldBeEmpty();
        underWay.Compared.ShouldBeGreaterThan(first.Compared);
        (await RunAsync(audit, harness)).NotCompared.ShouldNotBeNull();
        await StorageScenarios.RunToEndAsync(harness);
        var second = await RunAsync(audit, harness);
        second.Differences.ShouldBeEmpty();
        second.Compared.ShouldBe(Stored(harness));

        // One that began anew says the same as the one that went on.
        (await RunAsync(Audit(harness, Options), harness)).Compared.ShouldBe(second.Compared);

        // One reading, and the other way round for the hour that lost it.
        var victim = (await harness.ClickHouse.QueryRowsAsync(
            $"SELECT device, boot, sequence, toString(toUnixTimestamp(toStartOfHour(event_time))) FROM readings_data WHERE {Span} AND abs(value) BETWEEN 1 AND 1000 ORDER BY device, sequence LIMIT 1", null, CancellationToken.None))[0];
        var which = $"device = '{victim[0]}' AND boot = {victim[1]} AND sequence = {victim[2]}";
        var hour = DateTimeOffset.FromUnixTimeSeconds(long.Parse(victim[3], CultureInfo.InvariantCulture));
        await ExecuteAsync(harness, $"ALTER TABLE readings UPDATE value = value + 1 WHERE {which} SETTINGS mutations_sync = 2");
        (await RunAsync(audit, harness)).Differences.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            d => d.Hour.ShouldBe(hour), d => d.ValuesDiffer.ShouldBeTrue(), d => (d.Missing, d.Excess).ShouldBe((0, 0)));

        await ExecuteAsync(harness, $"INSERT INTO readings SELECT * FROM readings WHERE {which}");
        (await RunAsync(audit, harness)).Differences.ShouldHaveSingleItem().ShouldSatisfyAllConditions(
            d => d.Hour.ShouldBe(hour), d => (d.Missing, d.Excess).ShouldBe((0, 1)));

        await ExecuteAsync(harness, $"ALTER TABLE readings DELETE WHERE {which} SETTINGS mutations_sync = 2");
        var lost = await RunAsync(audit, harness);
        (lost.Missing, lost.Excess).ShouldBe((1, 0));
        lost.Differences.ShouldHaveSingleItem().Hour.ShouldBe(hour);

        // While more come.
        await AppendAsync(readings);
        (await RunAsync(audit, harness)).Missing.ShouldBe(1);

        // Memory for no hour at all.
        var small = await RunAsync(Audit(harness, Options with { SequenceBytesMax = 1_000 }), harness);
        small.HoursTooLarge.ShouldBeGreaterThan(0);
    }

    private static HourlyAudit Audit(StorageHarness harness, HourlyAuditOptions options) =>
        new(harness.Log, harness.ClickHouse, ReleasedReadingSchemas.Instance, options, new ManualTime(Now));

    private static async Task AppendAsync(ReadingFeed readings)
    {
        for (var i = 0; i < 300; i++)
        {
            readings.Append();
        }

        await readings.FlushAsync();
    }

    private static async Task<HourlyReport> RunAsync(HourlyAudit audit, StorageHarness harness)
    {
        var partitions = Enumerable.Range(0, StorageHarness.Partitions).Select(p => new TopicPartition(LogTopics.Readings, p)).ToList();
        var committed = await harness.Log.QueryCommittedAsync(StorageHarness.Options.Group, partitions, CancellationToken.None);
        return await audit.RunAsync(
            partitions.ToDictionary(p => p.Partition, p => committed.TryGetValue(p, out var offset) ? offset.Offset : 0), CancellationToken.None);
    }

    private static long Stored(StorageHarness harness) => long.Parse(
        harness.ClickHouse.QueryRowsAsync($"SELECT count() FROM readings_data WHERE {Span}", null, CancellationToken.None).AsTask().GetAwaiter().GetResult()[0][0],
        CultureInfo.InvariantCulture);

    private static Task ExecuteAsync(StorageHarness harness, string sql) =>
        harness.ClickHouse.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None).AsTask();
}
