using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Storage;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Schema;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>Claims against the engine: who may write, and what a take-over waits for.</summary>
[Collection(EngineFixture.Collection)]
public sealed class SinkClaimsTests(EngineFixture fixture) : IAsyncLifetime
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private readonly string _table = EngineFixture.TableName();

    public async ValueTask InitializeAsync()
    {
        await fixture.Engine.ExecuteAsync(
            new ClickHouseQuery(SchemaMigrator.Repeatable(SchemaMigration.LoadAll().Single(m => m.Name.EndsWith("sink_claims", StringComparison.Ordinal)).Statements[0])),
            Token);
        await fixture.Engine.ExecuteAsync(
            new ClickHouseQuery($"CREATE TABLE {_table} (n UInt64, slow UInt8 DEFAULT 0) ENGINE = MergeTree ORDER BY n"), Token);
    }

    public async ValueTask DisposeAsync() =>
        await fixture.Engine.ExecuteAsync(new ClickHouseQuery($"DROP TABLE {_table} SYNC"), CancellationToken.None);

    /// <summary>Read the greatest, insert one more: without exclusion two would insert the same number.</summary>
    [Fact]
    public async Task Contenders_for_a_partition_never_both_write()
    {
        var written = 0;
        var lost = 0;
        await Task.WhenAll(Enumerable.Range(0, 6).Select(i => Task.Run(
            async () =>
            {
                for (var round = 0; round < 12; round++)
                {
                    try
                    {
                        var claims = Claims($"contender-{i}");
                        await claims.ClaimAsync([0, 1], Token);
                        var next = await CountAsync("max(n)");
                        for (var k = 0; k < 3; k++)
                        {
                            await InsertAsync(claims, ++next);
                            Interlocked.Increment(ref written);
                        }
                    }
                    catch (ClaimLostException)
                    {
                        Interlocked.Increment(ref lost);
                    }
                }
            },
            Token)));

        written.ShouldBeGreaterThan(0);
        lost.ShouldBeGreaterThan(0);
        (await CountAsync("count()")).ShouldBe((ulong)written);
        (await CountAsync("uniqExact(n)")).ShouldBe((ulong)written);
        (await CountAsync("max(n)")).ShouldBe((ulong)written);
    }

    /// <summary>A merge puts the greater claim in the place of the smaller: the count of rows stays.</summary>
    [Fact]
    public async Task Claim_is_lost_also_when_a_merge_has_removed_it()
    {
        var first = Claims("first");
        await first.ClaimAsync([0], Token);
        await Claims("second").ClaimAsync([0], Token);
        await fixture.Engine.ExecuteAsync(new ClickHouseQuery("OPTIMIZE TABLE sink_claims FINAL"), Token);

        await Should.ThrowAsync<ClaimLostException>(async () => await InsertAsync(first, 1));
    }

    [Fact]
    public async Task Claim_of_one_partition_leaves_the_others_to_their_owner()
    {
        var first = Claims("first");
        await first.ClaimAsync([0, 1, 2], Token);
        await Claims("second").ClaimAsync([1], Token);

        await first.InsertAsync(_table, "n", "n UInt64", [0, 2], Block(1), Token);
        var refused = await Should.ThrowAsync<ClaimLostException>(
            async () => await first.InsertAsync(_table, "n", "n UInt64", [0, 1], Block(2), Token));

        refused.Message.ShouldContain("Another sink has claimed");
        (await CountAsync("count()")).ShouldBe(1ul);
    }

    [Fact]
    public async Task Block_without_rows_is_refused_as_well()
    {
        var first = Claims("first");
        await first.ClaimAsync([0], Token);
        await Claims("second").ClaimAsync([0], Token);

        await Should.ThrowAsync<ClaimLostException>(async () => await first.InsertAsync(_table, "n", "n UInt64", [0], Block(), Token));
    }

    /// <summary>The former owner's INSERT has passed its check and is slow: the claim returns when its rows are there.</summary>
    [Fact]
    public async Task Take_over_waits_for_an_insert_that_passed_its_check()
    {
        await SlowAsync();
        var first = Claims("first");
        await first.ClaimAsync([3], Token);
        var insert = InsertAsync(first, 1).AsTask();
        await RunningAsync();

        await Claims("second", TimeSpan.FromMinutes(1)).ClaimAsync([3], Token);

        (await CountAsync("count()")).ShouldBe(1ul);
        await insert;
    }

    [Fact]
    public async Task Take_over_kills_an_insert_that_does_not_end()
    {
        await SlowAsync();
        var first = Claims("first");
        await first.ClaimAsync([4], Token);
        var insert = InsertAsync(first, [.. Enumerable.Range(1, 5).Select(n => (ulong)n)]).AsTask();
        await RunningAsync();

        await Claims("second", TimeSpan.Zero).ClaimAsync([4], Token);

        var count = await CountAsync("count()");
        (await Should.ThrowAsync<ClickHouseException>(insert)).Code.ShouldBe(ClickHouseErrors.QueryWasCancelled);
        (await CountAsync("count()")).ShouldBe(count);
    }

    private static ReadOnlyMemory<byte> Block(params ulong[] numbers)
    {
        using var writer = new NativeWriter();
        writer.Begin(1, numbers.Length);
        writer.Column("n", "UInt64");
        writer.Values<ulong>(numbers);
        return writer.Written.ToArray();
    }

    private ValueTask InsertAsync(SinkClaims claims, params ulong[] numbers) =>
        claims.InsertAsync(_table, "n", "n UInt64", claims.Partitions, Block(numbers), Token);

    private SinkClaims Claims(string instance, TimeSpan? grace = null) => new(
        fixture.Engine,
        _table,
        FenceOptions.Of(new SinkOptions { TransactionalId = instance, FenceEmbedded = true, FenceGrace = grace ?? TimeSpan.FromSeconds(5) }),
        NullLogger.Instance,
        TimeProvider.System);

    /// <summary>Each row inserted takes a while.</summary>
    private ValueTask SlowAsync() =>
        fixture.Engine.ExecuteAsync(new ClickHouseQuery($"ALTER TABLE {_table} MODIFY COLUMN slow DEFAULT sleepEachRow(0.5)"), Token);

    private async Task RunningAsync()
    {
        while ((await fixture.Engine.QueryRowsAsync(
            $"SELECT 1 FROM system.processes WHERE query_kind = 'Insert' AND position(query, '{_table}') > 0", null, Token)).Count == 0)
        {
            await Task.Delay(5, Token);
        }
    }

    private async Task<ulong> CountAsync(string what) => ulong.Parse(
        (await fixture.Engine.QueryRowsAsync($"SELECT {what} FROM {_table}", null, Token))[0][0], CultureInfo.InvariantCulture);
}
