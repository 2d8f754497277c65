using System.Globalization;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;

namespace Telemetry.IntegrationTests.Query;

/// <summary>
/// A sensor over all devices is read from the rows that count them together, and from the rows of the series where there are none. Here the former say something
/// else on purpose, so that an answer tells where it came from.
/// </summary>
[Collection(EngineFixture.Collection)]
public sealed class FleetSeriesTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private const long Hour = 3_600_000_000;
    private const int Readings = 7_200;
    private const int Told = 1_000_000;

    private long From => (store.Now / Hour * Hour) - (5 * Hour);

    public async ValueTask InitializeAsync()
    {
        if ((await store.ClickHouse.QueryRowsAsync("SELECT count() FROM readings_last_data WHERE sensor = 'flow'", null, QueryStore.Token))[0][0] != "0")
        {
            return;
        }

        // Two devices, each a reading a second, for an hour that is long past.
        foreach (var device in (string[])["a", "b"])
        {
            await store.InsertAsync(QueryStore.Rows(device, "flow", $"{From} + number * 1000000", Readings / 2, "toFloat64(number)"));
        }

        await store.RunAsync($"INSERT INTO readings_1m (sensor, device, ts, n) VALUES ('flow', '$fleet', {Seconds(From)}, {Told})");
        await store.RunAsync($"INSERT INTO readings_1h (sensor, device, ts, n) VALUES ('flow', '$fleet', {Seconds(From)}, {Told})");
    }

    public ValueTask DisposeAsync() => default;

    [Theory]
    [InlineData("step=1m", Readings + Told)]
    [InlineData("step=1h", Readings + Told)]
    [InlineData("step=1d", Readings + Told)]
    [InlineData("step=1s", Readings)] // From raw.
    [InlineData("step=1m&group=device", Readings)]
    public async Task All_devices_together_are_read_from_their_own_rows(string question, long readings)
    {
        await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);

        (await CountAsync(server, question)).ShouldBe(readings);
    }

    [Fact]
    public async Task Times_for_which_there_are_none_are_read_from_the_series()
    {
        await using (var server = await QueryServer.StartAsync(store.ClickHouse, store.Time))
        {
            (await CountAsync(server, "step=1m")).ShouldBe(Readings + Told);
        }

        // As an upgrade or the deletion of a device leaves it.
        await store.RunAsync($"INSERT INTO horizon_floors VALUES ('fleet', toDateTime64({Seconds(From + Hour)}, 6, 'UTC'))");
        try
        {
            await using var server = await QueryServer.StartAsync(store.ClickHouse, store.Time);
            foreach (var step in (string[])["1m", "1h", "1d"])
            {
                (await CountAsync(server, $"step={step}")).ShouldBe(Readings, step);
            }
        }
        finally
        {
            await store.RunAsync("ALTER TABLE horizon_floors DELETE WHERE table = 'fleet' SETTINGS mutations_sync = 2");
        }
    }

    private static string Seconds(long us) => (us / 1_000_000).ToString(CultureInfo.InvariantCulture);

    private async Task<long> CountAsync(QueryServer server, string question)
    {
        var answer = await server.Client.GetJsonAsync(string.Create(
            CultureInfo.InvariantCulture, $"/api/v1/sensors/flow/series?from={From / 1000}&to={(From + Hour) / 1000}&points=4000&{question}"));
        var series = answer.TryGetProperty("groups", out var groups) ? groups.EnumerateArray() : Enumerable.Repeat(answer, 1);
        return series.Sum(s => s.GetProperty("columns").GetProperty("count").EnumerateArray().Sum(c => c.GetInt64()));
    }
}
