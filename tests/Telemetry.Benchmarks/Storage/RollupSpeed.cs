using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Storage;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Ownership;
using Telemetry.Storage.Rollups;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Writing;

namespace Telemetry.Benchmarks.Storage;

/// <summary>
/// What one INSERT of readings costs, in turns: into raw, into all rollups as the sink does it, and through the engine's views (from a table in
/// memory, so without the reading of a block). Process CPU, merges in the background included. Afterwards bytes a row of each table.
/// </summary>
internal static class RollupSpeed
{
    private const int Rounds = 3;

    private static readonly string[] Sensors = ["temperature", "pressure", "vibration", "current", "speed", "flow", "level", "voltage", "torque"];

    public static async Task PrintAsync(TextWriter output)
    {
        var directory = Directory.CreateTempSubdirectory("rollup-speed-").FullName;
        try
        {
            await using var engine = await EmbeddedClickHouse.OpenAsync(
                new EmbeddedClickHouseOptions { DataDirectory = directory }, NullLoggerFactory.Instance, CancellationToken.None);
            await SchemaMigrator.ApplyAsync(
                engine, new SchemaOptions { FreeDiskBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
            await ExecuteAsync(engine, "CREATE TABLE staged AS readings ENGINE = Memory");
            var stream = new ReadingStream(ReleasedReadingSchemas.Instance);
            var claims = new SinkClaims(engine, "readings", FenceOptions.Of(new SinkOptions()), NullLogger.Instance, TimeProvider.System);
            using var inserter = new RowInserter(stream, claims);
            await output.WriteLineAsync("| block | way | ms, median | CPU ms | readings/s | bytes allocated |\n|---|---|---|---|---|---|");

            // 5 s of 10 M readings an hour, a series every 30 s; and 300,000 of 9,000 series, as they come at full speed.
            await MeasureAsync(output, engine, inserter, stream, "14,000 series, 1 each", devices: 1556, each: 1, repeats: 20);
            await MeasureAsync(output, engine, inserter, stream, "9,000 series, 33 each", devices: 1000, each: 33, repeats: 5);
            await PrintBytesAsync(output, engine);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private static async Task MeasureAsync(
        TextWriter output, EmbeddedClickHouse engine, RowInserter inserter, SinkStream stream, string name, int devices, int each, int repeats)
    {
        using var block = Block(stream, devices, each);
        var offset = 0L;
        Marker[] Markers() => [.. block.Newest.Select(n => new Marker(n.Key.Partition, n.Key.Month, "0", offset, ++offset, n.Value))];
        await ExecuteAsync(engine, "TRUNCATE TABLE staged");
        using (var writer = new NativeWriter())
        {
            stream.Encode(writer, [block], Markers());
            await engine.InsertAsync(
                new ClickHouseQuery($"INSERT INTO staged ({stream.Layout.Columns}) FORMAT Native"), stream.Layout.Structure, writer.Written, CancellationToken.None);
        }

        var aggregator = new RollupAggregator(static () => true);
        (string Way, Func<Task> Insert)[] ways =
        [
            ("raw", () => inserter.InsertAsync([stream.Main], [block], Markers(), CancellationToken.None)),
            ("rollups, sink", () => inserter.InsertAsync(stream.Rollups, [block], Markers(), CancellationToken.None)),
            .. stream.Rollups.Select(target => ($"of them {target.Table}", (Func<Task>)(() => inserter.InsertAsync([target], [block], Markers(), CancellationToken.None)))),
            ("of them adding up", () =>
            {
                aggregator.Aggregate([block], Markers());
                return Task.CompletedTask;
            }),
            ("rollups, views", () => ExecuteAsync(
                engine,
                "INSERT INTO rollup_in (sensor, device, event_time, value, quality, sequence) SETTINGS async_insert = 0, max_threads = 1, max_block_size = 1000000, "
                + "min_insert_block_size_rows = 1000000, min_insert_block_size_bytes = 0 SELECT sensor, device, event_time, value, quality, sequence FROM staged")),
        ];
        var times = ways.ToDictionary(w => w.Way, _ => new List<double>());
        var (cpu, allocated) = (ways.ToDictionary(w => w.Way, _ => 0.0), ways.ToDictionary(w => w.Way, _ => 0L));
        for (var round = 0; round <= Rounds; round++)
        {
            foreach (var (way, insert) in ways)
            {
                var (from, bytes) = (Process.GetCurrentProcess().TotalProcessorTime, GC.GetTotalAllocatedBytes());
                for (var i = 0; i < repeats; i++)
                {
                    var start = Stopwatch.GetTimestamp();
                    await insert();
                    if (round > 0)
                    {
                        times[way].Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
                    }
                }

                if (round > 0)
                {
                    cpu[way] += (Process.GetCurrentProcess().TotalProcessorTime - from).TotalMilliseconds / (Rounds * repeats);
                    allocated[way] += (GC.GetTotalAllocatedBytes() - bytes) / (Rounds * repeats);
                }
            }
        }

        foreach (var (way, _) in ways)
        {
            var median = times[way].Order().ElementAt(times[way].Count / 2);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture, $"| {name} | {way} | {median:F1} | {cpu[way]:F0} | {block.Count / median * 1000:N0} | {allocated[way]:N0} |"));
        }
    }

    /// <summary>Readings of some minutes up to now, every 30 s in each series, jittered, a series in each of nine sensors of a device.</summary>
    private static RowBlock Block(SinkStream stream, int devices, int each)
    {
        var random = new Random(1);
        var block = (RowBlock)stream.CreateBlock();
        var batch = new ReadingBatchBuffer();
        var now = UnixMicros.From(DateTimeOffset.UtcNow);
        var (times, values) = (new long[each], new double[each]);
        for (var device = 0; device < devices; device++)
        {
            for (var sensor = 0; sensor < Sensors.Length; sensor++)
            {
                for (var i = 0; i < each; i++)
                {
                    times[i] = now - ((each - i) * 30_000_000L) + (random.Next(1000) * 1000);
                    values[i] = Math.Round(20 + (5 * Math.Sin((i + device) / 10.0)) + random.NextDouble(), 2);
                }

                var message = new ArrayBufferWriter<byte>();
                ReadingBatchWriter.Write(
                    message, Encoding.UTF8.GetBytes($"press-{device:D5}"), (ulong)device + 1, ((ulong)sensor * 1000) + 1, [Encoding.UTF8.GetBytes(Sensors[sensor])], [], times, values, []);
                if (!batch.TryDecode(message.WrittenMemory, out var error))
                {
                    throw new InvalidOperationException($"A batch of the benchmark is refused: {error}.");
                }

                for (var i = 0; i < each; i++)
                {
                    block.Append(device % 8, Months.Of(times[i]), batch, i, 1);
                }
            }
        }

        return block;
    }

    private static async Task PrintBytesAsync(TextWriter output, EmbeddedClickHouse engine)
    {
        await output.WriteLineAsync("\n| table | column | bytes a row |\n|---|---|---|");
        foreach (var table in (string[])["readings_1m", "readings_1h", "readings_1d", "readings_last"])
        {
            await ExecuteAsync(engine, $"OPTIMIZE TABLE {table} FINAL");
            var rows = await engine.QueryRowsAsync(
                $"SELECT column, round(sum(column_data_compressed_bytes) / sum(rows), 2) AS b FROM system.parts_columns WHERE active AND table = '{table}' GROUP BY column ORDER BY b DESC",
                null,
                CancellationToken.None);
            foreach (var row in rows)
            {
                await output.WriteLineAsync($"| {table} | {row[0]} | {row[1]} |");
            }
        }
    }

    private static async Task ExecuteAsync(EmbeddedClickHouse engine, string sql) => await engine.ExecuteAsync(new ClickHouseQuery(sql), CancellationToken.None);
}
