using System.Globalization;
using Telemetry.IntegrationTests.Support;
using Telemetry.Storage;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>What a child process does with a log in which devices are deleted.</summary>
internal static class DeletionScenarios
{
    private const int Rounds = 4;

    private static readonly StoreFault[] Faults = [StoreFault.BrokenBefore, StoreFault.BrokenAfter, StoreFault.Timeout];

    private static SinkOptions Options => StorageHarness.Options with { RetryMin = TimeSpan.FromMilliseconds(5), RetryMax = TimeSpan.FromMilliseconds(40) };

    /// <summary>
    /// Devices are deleted and go on sending, also what they sent before; statements of the deletion fail before and after the engine has run them; the sink ends
    /// anywhere without a word. The store equals the log in which each device begins anew at its deletion.
    /// </summary>
    public static async Task AnywhereAsync(string directory, int seed)
    {
        await using var harness = await StorageHarness.OpenAsync(directory);
        await using var readings = new ReadingFeed(harness.Log, seed);
        var (random, dice) = (new Random(seed), new Random(seed));
        var failed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            await using var scripted = new ScriptedClickHouse(harness.ClickHouse);
            await using var sink = harness.Sink(Options, clickHouse: scripted);
            await sink.StartAsync(CancellationToken.None);
            await sink.WaitUntilReadyAsync(CancellationToken.None);
            scripted.Script = s => IsOfDeletion(s) && dice.Next(5) == 0 ? Faults[dice.Next(Faults.Length)] : null;
            for (var i = 0; i < 120; i++)
            {
                readings.Append();
                if (random.Next(20) == 0)
                {
                    readings.Delete();
                }
            }

            await readings.FlushAsync();
            await Task.Delay(random.Next(50, 1_500));
            failed += scripted.Failed;
        }

        failed.ShouldBeGreaterThan(0);
        await StorageScenarios.RunToEndAsync(harness);
        (await StoreProof.FindDifferencesAsync(harness.Log, harness.ClickHouse)).ShouldBeEmpty();
        var noted = await harness.ClickHouse.QueryRowsAsync("SELECT uniqExact(device) FROM device_deletions", null, CancellationToken.None);
        int.Parse(noted[0][0], CultureInfo.InvariantCulture).ShouldBeGreaterThan(5);

        // What counts all devices together still counts those that were deleted, and is not read for those times any more.
        var fleets = await harness.ClickHouse.QueryRowsAsync(
            "SELECT (SELECT sum(n) FROM readings_1h_fleet_data) > (SELECT sum(n) FROM readings_1h_data), "
            + "(SELECT max(complete_from) FROM horizon_floors WHERE table = 'fleet') > (SELECT min(ts) FROM readings_1h_data)",
            null,
            CancellationToken.None);
        fleets[0].ShouldBe(["1", "1"]);
    }

    private static bool IsOfDeletion(ScriptedStatement statement) =>
        statement.Query.Sql.Contains(" DELETE WHERE ", StringComparison.Ordinal)
        || statement.Query.Sql.Contains("device_deletions", StringComparison.Ordinal)
        || statement.Query.Sql.Contains("horizon_floors SELECT 'fleet'", StringComparison.Ordinal)
        || statement.Query.Sql.Contains("mutations", StringComparison.Ordinal);
}
