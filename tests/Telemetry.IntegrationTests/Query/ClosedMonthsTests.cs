using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Merging;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Merging of months that are over, in the real engine.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ClosedMonthsTests(EngineFixture engine) : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 2, 0, 0, TimeSpan.Zero);

    private static readonly ClosedMonthOptions AllDay = new() { QuietFrom = TimeSpan.Zero, QuietTo = TimeSpan.Zero, Settled = TimeSpan.FromDays(3) };

    private readonly QueryStore _store = new(engine);
    private readonly ManualTime _time = new(Now);
    private int _merged;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        await _store.InitializeAsync();

        // So that the engine chooses nothing to merge by itself; merges that are asked for ignore it.
        await _store.ClickHouse.ExecuteAsync(
            new ClickHouseQuery("ALTER TABLE readings MODIFY SETTING max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1"), Token);
        foreach (var month in (int[])[3, 4, 5])
        {
            for (var i = 0; i < 3; i++)
            {
                await _store.InsertAsync($"SELECT 'oil' AS sensor, 'press-1' AS device, toUnixTimestamp(toDateTime('2026-0{month}-02 00:00:0{i}', 'UTC')) * 1000000 AS us, {i} AS value, 0 AS quality, {i} AS sequence", rollups: false);
            }
        }
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Months_that_are_over_and_settled_become_one_part_and_keep_their_rows()
    {
        // April ended three days and some hours ago, so with ten days only March has settled.
        await MergeAsync(AllDay with { Settled = TimeSpan.FromDays(10) });
        (await PartsAsync()).ShouldBe(new Parts(1, 3, 3));

        await MergeAsync(AllDay);
        (await PartsAsync()).ShouldBe(new Parts(1, 1, 3));
        _merged.ShouldBe(2);
        (await _store.ClickHouse.QueryRowsAsync("SELECT count(), sum(value) FROM readings WHERE device = 'press-1' AND sensor = 'oil'", null, Token))[0].ShouldBe(["9", "9"]);
    }

    [Fact]
    public async Task Nothing_is_merged_outside_the_quiet_hours_beyond_the_size_or_by_who_has_not_to()
    {
        var hour = _time.GetLocalNow().Hour;

        await MergeAsync(AllDay with { QuietFrom = TimeSpan.FromHours((hour + 1) % 24), QuietTo = TimeSpan.FromHours((hour + 2) % 24) });
        await MergeAsync(AllDay with { BytesMax = 10 });
        await MergeAsync(AllDay, isOurs: false);

        (await PartsAsync()).ShouldBe(new Parts(3, 3, 3));
        _merged.ShouldBe(0);
    }

    private async Task MergeAsync(ClosedMonthOptions options, bool isOurs = true) =>
        await new ClosedMonths(_store.ClickHouse, options, () => _merged++, NullLogger.Instance, _time).MergeDueAsync(() => isOurs, Token);

    private async Task<Parts> PartsAsync()
    {
        var rows = (await _store.ClickHouse.QueryRowsAsync(
            "SELECT partition_id, count() FROM system.parts WHERE active AND database = currentDatabase() AND table = 'readings' AND partition_id IN ('202603', '202604', '202605') GROUP BY partition_id",
            null, Token)).ToDictionary(r => r[0], r => int.Parse(r[1], System.Globalization.CultureInfo.InvariantCulture));
        return new Parts(rows["202603"], rows["202604"], rows["202605"]);
    }

    private sealed record Parts(int March, int April, int May);
}
