using System.Buffers;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Readings;
using Telemetry.IntegrationTests.Query;
using Telemetry.Storage;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Writing;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// What the sink makes of readings is what the views make of them: the same readings go both ways into two databases, and the merged rows are
/// compared, bit for bit but for sums (which may be added in another order) and the sign of a smallest or largest value that is 0.
/// </summary>
[Collection(EngineFixture.Collection)]
public sealed class RollupRowsTests(EngineFixture fixture) : IAsyncLifetime
{
    /// <summary>Sums differ by no more than this share of n times the largest magnitude.</summary>
    private const double SumError = 1e-13;

    private const int Partitions = 3;
    private static readonly long Year = (long)(new DateTime(2026, 12, 31, 23, 0, 0, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalMicroseconds;
    private static readonly string[] Sensors = ["temp", "pressure", "state/a", "p0", "t"];

    private static readonly double[] Odd =
        [double.NaN, double.PositiveInfinity, double.NegativeInfinity, -0.0, 1.7e308, -1.7e308, 1e-13, -1e-300, 5e-324, 1e18, -3e18, 1e-12, 9.8e288, 1.0, 1.02, 1e150];

    private readonly string _byViews = $"views_{Guid.NewGuid():N}";
    private readonly string _bySink = $"sink_{Guid.NewGuid():N}";
    private readonly NameTable _names = new();
    private long _offset = 5;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        foreach (var database in (string[])[_byViews, _bySink])
        {
            await fixture.Engine.ExecuteAsync(new ClickHouseQuery($"CREATE DATABASE {database}"), Token);
            await SchemaMigrator.ApplyAsync(
                Scope(database),
                new SchemaOptions { FreeDiskBytesMin = 0, RawRetention = TimeSpan.FromDays(36500), MinuteRetention = TimeSpan.FromDays(36500) },
                NullLoggerFactory.Instance, TimeProvider.System, Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var database in (string[])[_byViews, _bySink])
        {
            await fixture.Engine.ExecuteAsync(new ClickHouseQuery($"DROP DATABASE {database} SYNC"), CancellationToken.None);
        }
    }

    [Fact]
    public async Task Rows_of_the_sink_equal_those_of_the_views()
    {
        var random = new Random(20261130);
        foreach (var batches in (int[])[1, 1, 3, 40, 1, 400, 2])
        {
            await StoreAsync(Enumerable.Range(0, batches).Select(_ => Batch(random)).ToList(), random, random.Next(2) == 0 ? _names : new NameTable());
        }

        foreach (var (table, columns) in new[]
                 {
                     ("readings_1m", ""),
                     ("readings_1h", ", sum(n_sketched)"),
                     ("readings_1d", ", hex(quantilesDDMergeState(0.01, 0.5, 0.95, 0.99)(q))"),
                 })
        {
            // What is exact comes before the sums. Adding 0 takes the sign off a 0.
            var sql = "SELECT sensor, device, toUnixTimestamp(ts), sum(n), sum(n_finite), reinterpretAsUInt64(min(vmin) + 0.), reinterpretAsUInt64(max(vmax) + 0.), "
                + $"{Point("min(first_reading)")}, {Point("max(last_reading)")}, min(mark_lo), max(mark_hi){columns}, "
                + "toString(greatest(abs(min(vmin)), abs(max(vmax)))), toString(sum(vsum)), toString(sum(vsum_scaled)), toString(sum(vsq)) "
                + $"FROM {table} GROUP BY sensor, device, ts ORDER BY sensor, device, ts SETTINGS max_result_rows = 0";
            var (wanted, found) = (await RowsAsync(_byViews, sql), await RowsAsync(_bySink, sql));
            wanted.Count.ShouldBeGreaterThan(200, table);
            found.Select(r => string.Join(' ', r[..^4])).ShouldBe(wanted.Select(r => string.Join(' ', r[..^4])), table);
            for (var i = 0; i < wanted.Count; i++)
            {
                var (count, largest) = (double.Parse(wanted[i][3], CultureInfo.InvariantCulture), Number(wanted[i][^4]));
                Close(found[i][^3], wanted[i][^3], count * Math.Min(largest, 1e289)).ShouldBeTrue($"{table} {string.Join(' ', wanted[i])}: {string.Join(' ', found[i])}");
                Close(found[i][^2], wanted[i][^2], count * largest * Math.Pow(2, -64)).ShouldBeTrue($"{table} {string.Join(' ', wanted[i])}: {string.Join(' ', found[i])}");
                Close(found[i][^1], wanted[i][^1], count * largest * largest).ShouldBeTrue($"{table} {string.Join(' ', wanted[i])}: {string.Join(' ', found[i])}");
            }
        }

        const string Latest = "SELECT sensor, device, sum(n), toUnixTimestamp64Micro(tupleElement(max(last), 1)), tupleElement(max(last), 2), "
            + "reinterpretAsUInt64(tupleElement(max(last), 3)), tupleElement(max(last), 4), min(mark_lo), max(mark_hi) FROM readings_last GROUP BY sensor, device ORDER BY sensor, device";
        (await RowsAsync(_bySink, Latest)).Select(r => string.Join(' ', r)).ShouldBe((await RowsAsync(_byViews, Latest)).Select(r => string.Join(' ', r)));
    }

    [Fact]
    public async Task Each_series_and_bucket_of_a_block_has_one_row_in_the_order_of_the_table()
    {
        var random = new Random(7);
        await StoreAsync(Enumerable.Range(0, 200).Select(_ => Batch(random)).ToList(), random, _names);
        foreach (var (table, key) in new[] { ("readings_1m", "ts, "), ("readings_1h", "ts, "), ("readings_1d", "ts, "), ("readings_last", "") })
        {
            // One block makes one part a partition, and the parts of a table without merges hold each key once.
            var rows = await RowsAsync(_bySink, $"SELECT count(), uniqExact(sensor, device, {key}1), countIf(device = '$sink') FROM {table}");
            rows[0][0].ShouldBe(rows[0][1], table);
            int.Parse(rows[0][2], CultureInfo.InvariantCulture).ShouldBeGreaterThan(2, table);
        }
    }

    private static string Point(string tuple) =>
        $"toUnixTimestamp64Micro(tupleElement({tuple}, 1)), tupleElement({tuple}, 2), reinterpretAsUInt64(tupleElement({tuple}, 3))";

    /// <summary>One INSERT each way, with the same markers, of two blocks. Their names may differ, as those of the sink do after a million.</summary>
    private async Task StoreAsync(IReadOnlyList<ReadingBatchBuffer> batches, Random random, NameTable names)
    {
        using var first = new RowBlock(_names);
        using var second = new RowBlock(names);
        foreach (var batch in batches)
        {
            var block = random.Next(3) == 0 ? second : first;
            var partition = random.Next(Partitions);
            for (var i = 0; i < batch.Count; i++)
            {
                block.Append(partition, Months.Of(batch.EventTimes[i]), batch, i, 1);
            }
        }

        var from = _offset;
        _offset += batches.Count;
        List<IRowBlock> blocks = [.. new[] { first, second }.Where(b => b.Count > 0)];
        var markers = blocks.SelectMany(b => b.Newest).GroupBy(n => n.Key)
            .Select(g => new Marker(g.Key.Partition, g.Key.Month, "5", from, _offset - 1, g.Max(n => n.Value))).ToList();
        await InsertAsync(_bySink, SinkTarget.Rollups, blocks, markers);
        await InsertAsync(_byViews, [SinkTarget.Raw], blocks, markers);
        var views = Scope(_byViews);
        await views.ExecuteAsync(
            new ClickHouseQuery(
                "INSERT INTO rollup_in (sensor, device, event_time, value, quality, sequence) SELECT sensor, device, event_time, value, quality, sequence FROM readings"),
            Token);
        await views.ExecuteAsync(new ClickHouseQuery("TRUNCATE TABLE readings"), Token);
    }

    private async Task InsertAsync(string database, IReadOnlyList<SinkTarget> targets, IReadOnlyList<IRowBlock> blocks, IReadOnlyList<Marker> markers)
    {
        var claims = new SinkClaims(
            Scope(database), "readings", FenceOptions.Of(new SinkOptions()), NullLogger.Instance, TimeProvider.System);
        await claims.ClaimAsync([.. Enumerable.Range(0, Partitions)], Token);
        using var inserter = new RowInserter(new ReadingStream(ReleasedReadingSchemas.Instance), claims);
        await inserter.InsertAsync(targets, blocks, markers, Token);
    }

    /// <summary>Readings within minutes of the turn of a year, or anywhere in three months; times that meet, and values that are no numbers.</summary>
    private static ReadingBatchBuffer Batch(Random random)
    {
        var count = random.Next(1, 60);
        var times = new long[count];
        var values = new double[count];
        var sensors = new int[count];
        var qualities = new Quality[count];
        var at = random.Next(4) == 0 ? random.NextInt64(-30L * 86_400_000_000, 30L * 86_400_000_000) : random.NextInt64(0, 7_200_000_000);
        for (var i = 0; i < count; i++)
        {
            times[i] = Year + at + (random.Next(5) == 0 ? 0 : random.Next(3) == 0 ? random.Next(-5_000_000, 5_000_000) : i * 700_000L);
            values[i] = random.Next(8) == 0 ? Odd[random.Next(Odd.Length)] : random.Next(6) == 0 ? random.Next(-3, 4) + 0.5 : (random.NextDouble() - 0.4) * Math.Pow(10, random.Next(-2, 5));
            sensors[i] = random.Next(Sensors.Length);
            qualities[i] = (Quality)random.Next(3);
        }

        var output = new ArrayBufferWriter<byte>();
        ReadingBatchV2Writer.Write(
            output,
            Encoding.UTF8.GetBytes($"device-{random.Next(12)}"),
            (ulong)random.NextInt64(1, 3),
            (ulong)random.Next(1, 40),
            [.. Sensors.Select(s => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(s))],
            sensors,
            times,
            values,
            qualities);
        var buffer = new ReadingBatchBuffer();
        buffer.TryDecode(ReadingBatchVersion.V2, output.WrittenMemory, out var error).ShouldBeTrue(error.ToString());
        return buffer;
    }

    private static bool Close(string found, string wanted, double magnitude) =>
        found == wanted || (double.IsFinite(Number(wanted)) && Math.Abs(Number(found) - Number(wanted)) <= SumError * magnitude);

    private static double Number(string text) => text switch
    {
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        "nan" => double.NaN,
        _ => double.Parse(text, CultureInfo.InvariantCulture),
    };

    private DatabaseScope Scope(string database) => new(fixture.Engine, database);

    private async Task<IReadOnlyList<string[]>> RowsAsync(string database, string sql) => await Scope(database).QueryRowsAsync(sql, null, Token);
}
