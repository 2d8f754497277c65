using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Schema;

namespace Telemetry.IntegrationTests.Query;

/// <summary>Codecs of raw readings (rollups have the same with another level) give back what was put in, bit for bit: the bits of each value stand beside it in <c>sequence</c>, its time in <c>boot</c>.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ColumnCodecTests(EngineFixture engine) : IAsyncLifetime
{
    private const int Rows = 150_000;

    private readonly QueryStore _store = new(engine);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    /// <summary>Bits of a value by row number, and what it stands for.</summary>
    public static TheoryData<string, string> Values => new()
    {
        { "any bits", "rand64(1)" },
        { "decimals with what does not fit now and then", "if(rand(2) % 50 = 0, rand64(3), reinterpretAsUInt64(round(20 + (rand(4) % 1000) / 100, 2)))" },
        { "doubles without decimals", "reinterpretAsUInt64(1 + randNormal(0, 1))" },
        {
            "zeros of both signs, infinities, NaN with payloads, the smallest and the greatest",
            "arrayElement([0, 9223372036854775808, 9218868437227405312, 18442240474082181120, 9221120237041090560, 9221120237041090561, 18444492273895866368, 9218868437227405313, 1, "
            + "9223372036854775809, 4503599627370495, 9218868437227405311, 18442240474082181119, 4607182418800017408]::Array(UInt64), 1 + rand(5) % 14)"
        },
        { "a state that hardly changes", "reinterpretAsUInt64(toFloat64(intDiv(number, 1000) % 2))" },
    };

    /// <summary>Microseconds by row number.</summary>
    public static TheoryData<string, string> Times => new()
    {
        { "a grid", "1777593600000000 + number * 1000000" },
        { "milliseconds with jitter", "1777593600000000 + number * 1000000 + (rand(6) % 1000) * 1000" },
        { "any microsecond of a month, out of order", "1777593600000000 + rand64(7) % 2592000000000" },
        { "bursts", "1777593600000000 + intDiv(number, 200) * 600000000 % 2592000000000 + number % 200 * 10000" },
    };

    public ValueTask InitializeAsync() => _store.InitializeAsync();

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Theory]
    [MemberData(nameof(Values))]
    public Task Values_come_back_bit_for_bit(string what, string bits) => ComesBackAsync(what, bits, "1777593600000000 + number * 1000000");

    [Theory]
    [MemberData(nameof(Times))]
    public Task Times_come_back_to_the_microsecond(string what, string time) => ComesBackAsync(what, "reinterpretAsUInt64(toFloat64(number))", time);

    [Fact]
    public async Task Store_has_the_codecs_that_were_measured()
    {
        var codecs = (await _store.ClickHouse.QueryRowsAsync(
            "SELECT table, name, compression_codec FROM system.columns WHERE database = currentDatabase() AND startsWith(table, 'readings')", null, Token))
            .ToDictionary(c => (c[0], c[1]), c => Plain(c[2]));

        foreach (var codec in ColumnCodec.All)
        {
            foreach (var column in codec.Columns)
            {
                codecs[(codec.Table, column)].ShouldBe(Plain($"CODEC({codec.Codec})"), $"{codec.Table}.{column}");
            }
        }

        // The engine says the width of a difference where the type gives it.
        static string Plain(string text) => text.Replace("Delta(8)", "Delta", StringComparison.Ordinal);
    }

    private async Task ComesBackAsync(string what, string bits, string time)
    {
        // Parts of all sizes, then one of them all, so that blocks begin anywhere.
        foreach (var (from, count) in new[] { (0, 1), (1, 3), (4, 1020), (1024, 9_000), (10_024, Rows - 10_024) })
        {
            await _store.ClickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    "INSERT INTO readings SELECT 'codec', 'press-codec', fromUnixTimestamp64Micro(toInt64(us), 'UTC'), reinterpretAsFloat64(bits), 0, toUInt64(us), bits "
                    + $"FROM (SELECT materialize({bits}) AS bits, materialize({time}) AS us FROM numbers({from}, {count}))"),
                Token);
        }

        await CheckAsync(what);
        await _store.ClickHouse.ExecuteAsync(new ClickHouseQuery("OPTIMIZE TABLE readings FINAL"), Token);
        await CheckAsync(what);
    }

    private async Task CheckAsync(string what) => (await _store.ClickHouse.QueryRowsAsync(
        "SELECT count(), countIf(reinterpretAsUInt64(value) != sequence), countIf(toUInt64(toUnixTimestamp64Micro(event_time)) != boot) FROM readings WHERE sensor = 'codec'", null, Token))[0]
        .ShouldBe([$"{Rows}", "0", "0"], what);
}
