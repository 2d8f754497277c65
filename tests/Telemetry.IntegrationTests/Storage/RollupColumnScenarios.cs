using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Schema;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a bucket of a rollup holds of its first and last reading and of its sum, also of rows from before those columns.</summary>
internal static class RollupColumnScenarios
{
    // Yesterday: a store of version 6 keeps minutes for 90 days.
    private static readonly string Minute = DateTime.UtcNow.AddDays(-1).ToString("yyyy-MM-dd HH:mm:", CultureInfo.InvariantCulture);

    private static readonly string[] Rollups = ["readings_1m", "readings_1h", "readings_1d"];

    public static async Task RunAsync(string directory)
    {
        await using var engine = await EmbeddedClickHouse.OpenAsync(
            new EmbeddedClickHouseOptions { DataDirectory = Path.Combine(directory, "store") }, NullLoggerFactory.Instance, CancellationToken.None);

        // A store as version 6 of the schema left it, with a bucket in it.
        foreach (var statement in SchemaMigration.LoadAll().Where(m => m.Number <= 6).SelectMany(m => m.Statements))
        {
            await engine.ExecuteAsync(new ClickHouseQuery(SchemaMigrator.Repeatable(statement)), CancellationToken.None);
        }

        await InsertAsync(engine, $"('s', 'old', '{Minute}10', 9, 0, 1), ('s', 'old', '{Minute}20', 4, 0, 2)");
        await SchemaMigrator.ApplyAsync(
            engine, new SchemaOptions { FreeDiskBytesMin = 0, RawRetention = TimeSpan.FromDays(36500), MinuteRetention = TimeSpan.FromDays(36500) },
            NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);

        // Later readings of the same bucket; ties of time whose values go the other way than their sequences, in one INSERT and in two.
        await InsertAsync(engine, $"('s', 'old', '{Minute}30', 7, 0, 3), ('s', 'one', '{Minute}10', 1, 0, 6), ('s', 'one', '{Minute}10', 5, 0, 5)");
        await InsertAsync(engine, $"('s', 'two', '{Minute}10', 5, 0, 5), ('s', 'huge', '{Minute}10', 1.7e308, 0, 1)");
        await InsertAsync(engine, $"('s', 'two', '{Minute}10', 1, 0, 6), ('s', 'huge', '{Minute}11', 1.7e308, 0, 2), ('s', 'huge', '{Minute}12', nan, 0, 3)");
        for (var merged = 0; merged < 2; merged++)
        {
            foreach (var rollup in Rollups)
            {
                var rows = await engine.QueryRowsAsync(
                    "SELECT device, toString(tupleElement(min(first_reading), 3)), toString(tupleElement(max(last_reading), 3)), if(device = 'two', '', toString(tupleElement(min(first), 2))), sum(n) "
                    + $"FROM {rollup}_data WHERE device != 'huge' GROUP BY device ORDER BY device",
                    null,
                    CancellationToken.None);
                rows.Select(r => string.Join(' ', r)).ShouldBe(["old 9 7 9 3", "one 5 1 5 2", "two 5 1  2"], rollup);
                var huge = await engine.QueryRowsAsync(
                    $"SELECT toString(sum(vsum)), toString(sum(vsum_scaled) / sum(n_finite) * exp2(64)), sum(n), sum(n_finite) FROM {rollup}_data WHERE device = 'huge'",
                    null,
                    CancellationToken.None);
                huge[0].ShouldBe(["inf", "1.7e308", "3", "2"], rollup);
                await engine.ExecuteAsync(new ClickHouseQuery($"OPTIMIZE TABLE {rollup} FINAL"), CancellationToken.None);
            }
        }

        // Hours keep no sketch any more, and say of how many of their readings there is one: of those from before.
        (await engine.QueryRowsAsync(
                "SELECT device, sum(n_finite), sum(n_sketched), toString(round(quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(q)[2])) FROM readings_1h_data WHERE device IN ('old', 'one') GROUP BY device ORDER BY device",
                null,
                CancellationToken.None)).Select(r => string.Join(' ', r)).ShouldBe(["old 3 2 4", "one 2 0 nan"]);

        // What feeds one rollup alone, for a process of the version before, makes the same of it.
        foreach (var rollup in Rollups)
        {
            await engine.ExecuteAsync(
                new ClickHouseQuery($"INSERT INTO fix_{rollup["readings_".Length..]} VALUES ('s', 'fix', '{Minute}10', 1, 0, 6), ('s', 'fix', '{Minute}10', 5, 0, 5)"),
                CancellationToken.None);
            (await engine.QueryRowsAsync($"SELECT toString(first_reading), toString(vsum) FROM {rollup}_data WHERE device = 'fix'", null, CancellationToken.None))[0]
                .ShouldBe([$"('{Minute}10.000000',5,5)", "6"], rollup);
        }
    }

    private static ValueTask InsertAsync(EmbeddedClickHouse engine, string rows) =>
        engine.ExecuteAsync(new ClickHouseQuery($"INSERT INTO rollup_in (sensor, device, event_time, value, quality, sequence) VALUES {rows}"), CancellationToken.None);
}
