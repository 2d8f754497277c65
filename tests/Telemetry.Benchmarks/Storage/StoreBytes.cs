using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Simulator.Signals;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sizes;

namespace Telemetry.Benchmarks.Storage;

/// <summary>
/// What a reading costs on disk, by data set and column, beside the entropy of the data: each set goes through the engine into the real schema, is
/// merged to one part, and is then kept a second time, column by column, with other codecs.
/// </summary>
internal sealed class StoreBytes(TextWriter to, int devices, TimeSpan span)
{
    /// <summary>Readings as the views behind <c>rollup_in</c> take them.</summary>
    private const string RollupColumns = "sensor, device, event_time, value, quality, sequence";

    private const string RollupStructure =
        "sensor String, device String, event_time DateTime64(6, 'UTC'), value Float64, quality UInt8, sequence UInt64";

    /// <summary>One device in so many also goes into the rollups, which take ten times as long.</summary>
    private const int RolledUpShare = 10;

    private const string Copying =
        "max_threads = 1, max_insert_threads = 1, min_insert_block_size_rows = 4000000, min_insert_block_size_bytes = 0, optimize_read_in_order = 1, allow_experimental_codecs = 1, allow_suspicious_codecs = 1, max_execution_time = 0";

    /// <summary>Measures all sets and prints a table each.</summary>
    /// <param name="to">Where to.</param>
    /// <param name="devices">Devices of a set.</param>
    /// <param name="days">Days of a set, 1 to 31: a month of a series is what a merged part holds.</param>
    /// <param name="trials">True: other codecs too.</param>
    public static async Task PrintAsync(TextWriter to, int devices, int days, bool trials)
    {
        var run = new StoreBytes(to, devices, TimeSpan.FromDays(days));
        foreach (var set in DataSet.All)
        {
            var folder = Directory.CreateTempSubdirectory("telemetry-store-bytes-").FullName;
            try
            {
                await using var clickHouse = await EmbeddedClickHouse.OpenAsync(
                    new EmbeddedClickHouseOptions { DataDirectory = folder, QueryTimeMax = TimeSpan.FromHours(1) }, NullLoggerFactory.Instance, CancellationToken.None);
                await run.MeasureAsync(clickHouse, set, trials);
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        }
    }

    private async Task MeasureAsync(IClickHouse clickHouse, DataSet set, bool trials)
    {
        await SchemaMigrator.ApplyAsync(clickHouse, new SchemaOptions { FreeDiskBytesMin = 0, MinuteRetention = TimeSpan.FromDays(3650) }, NullLoggerFactory.Instance, TimeProvider.System, CancellationToken.None);
        var entropy = new ColumnEntropy();
        var rolledUp = 0L;
        for (var device = 0; device < devices; device++)
        {
            var series = set.Play(device, span);
            foreach (var one in series)
            {
                entropy.Add(one);
            }

            await InsertAsync(clickHouse, series, raw: true);
            if (device % RolledUpShare == 0)
            {
                await InsertAsync(clickHouse, series, raw: false);
                rolledUp += series.Sum(s => s.Values.Length);
            }
        }

        string[] tables = ["readings", "readings_1m", "readings_1h", "readings_1d"];
        foreach (var table in tables)
        {
            await RunAsync(clickHouse, $"OPTIMIZE TABLE {table} FINAL SETTINGS max_execution_time = 0");
        }

        var size = await StoreSizeReader.ReadAsync(clickHouse, TimeProvider.System, QueryKind.Batch, CancellationToken.None);
        Print(set, entropy, size, rolledUp);
        if (trials)
        {
            await TryAsync(clickHouse, entropy, size.Tables.Single(t => t.Table == "readings"));
        }
    }

    private void Print(DataSet set, ColumnEntropy entropy, StoreSize size, long rolledUp)
    {
        var raw = size.Tables.Single(t => t.Table == "readings");
        Say($"### {set.Name}: {set.Description}");
        Say($"{raw.Rows:N0} readings of {devices} devices over {span.TotalDays:0} days, {raw.Parts} part(s)\n");
        Say($"| readings | bytes a reading | entropy | ratio | codec |\n|---|---|---|---|---|");
        var bytes = entropy.Bytes;
        foreach (var column in raw.Columns)
        {
            var least = bytes.GetValueOrDefault(column.Column);
            Say($"| {column.Column} | {column.BytesPerRow:0.0000} | {least:0.0000} | {(least > 0.0005 ? (column.BytesPerRow ?? 0) / least : 0):0.00} | {column.Codec} |");
        }

        Say($"| all, with indices and marks | {raw.BytesPerReading:0.000} | {bytes.Values.Sum():0.000} | {raw.BytesPerReading / bytes.Values.Sum():0.00} | |");
        Say($"\nvalues: {string.Join(", ", entropy.Values.Select(v => Text($"{SensorKinds.Name(v.Sensor)} {v.Bytes:0.000} B ({(v.Decimals < 0 ? "no decimals" : Text($"{v.Decimals} decimals"))})")))}\n");
        foreach (var table in size.Tables.Where(t => t.Table.StartsWith("readings_1", StringComparison.Ordinal)))
        {
            Say($"{table.Table}: {table.Rows:N0} rows, {table.BytesPerRow:0.00} B a row, {(double)table.Bytes / rolledUp:0.000} B a reading");
        }

        Say($"");
    }

    private async Task TryAsync(IClickHouse clickHouse, ColumnEntropy entropy, TableSize raw)
    {
        Say($"| kept | codec | bytes a reading | ratio to entropy | today |\n|---|---|---|---|---|");
        foreach (var trial in CodecTrial.All)
        {
            var today = raw.Columns.Single(c => c.Column == trial.Column);
            var least = entropy.Bytes.GetValueOrDefault(trial.Column);
            var bytes = await KeepAsync(clickHouse, trial, today.Type);
            Say($"| {trial.Label} | {trial.Codec} | {bytes / raw.Rows:0.0000} | {(least > 0.0005 ? bytes / raw.Rows / least : 0):0.00} | {today.BytesPerRow:0.0000} |");
        }

        Say($"");
    }

    /// <summary>Bytes of the column kept that way.</summary>
    private static async Task<double> KeepAsync(IClickHouse clickHouse, CodecTrial trial, string type)
    {
        await RunAsync(clickHouse, "DROP TABLE IF EXISTS trial SYNC");
        await RunAsync(
            clickHouse,
            $"CREATE TABLE trial (c {trial.Type ?? type} CODEC({trial.Codec})) ENGINE = MergeTree ORDER BY tuple() "
            + $"SETTINGS min_bytes_for_wide_part = 0, auto_statistics_types = ''{(trial.Settings.Length == 0 ? "" : ", " + trial.Settings)} ",
            "allow_experimental_codecs = 1, allow_suspicious_codecs = 1");
        await RunAsync(clickHouse, $"INSERT INTO trial SELECT {trial.Expression ?? trial.Column} FROM readings ORDER BY sensor, device, event_time", Copying);
        var rows = await clickHouse.QueryRowsAsync(
            "SELECT sum(column_bytes_on_disk) FROM system.parts_columns WHERE database = currentDatabase() AND table = 'trial' AND active", null, CancellationToken.None);
        return double.Parse(rows[0][0], CultureInfo.InvariantCulture);
    }

    private static async Task InsertAsync(IClickHouse clickHouse, IReadOnlyList<SeriesReadings> series, bool raw)
    {
        using var writer = new NativeWriter();
        foreach (var one in series)
        {
            var rows = one.Values.Length;
            writer.Begin(raw ? 7 : 6, rows);
            Names(writer, "sensor", SensorKinds.Name(one.Sensor), rows);
            Names(writer, "device", DataSet.DeviceName(one.Device), rows);
            Column<long>(writer, "event_time", "DateTime64(6, 'UTC')", one.Times);
            Column<double>(writer, "value", "Float64", one.Values);
            Column<byte>(writer, "quality", "UInt8", new byte[rows]);
            if (raw)
            {
                var boots = new ulong[rows];
                boots.AsSpan().Fill(DataSet.Boot(one.Device));
                Column<ulong>(writer, "boot", "UInt64", boots);
            }

            Column<ulong>(writer, "sequence", "UInt64", one.Sequences);
            var (table, columns, structure) = raw
                ? ("readings", ReadingEncoder.Columns, ReadingEncoder.Structure)
                : ("rollup_in", RollupColumns, RollupStructure);
            await clickHouse.InsertAsync(
                new ClickHouseQuery($"INSERT INTO {table} ({columns}) SETTINGS async_insert = 0, max_insert_threads = 1 FORMAT Native"), structure, writer.Written, CancellationToken.None);
        }
    }

    private static void Names(NativeWriter writer, string column, string name, int rows)
    {
        writer.Column(column, "String");
        for (var i = 0; i < rows; i++)
        {
            writer.String(name);
        }
    }

    private static void Column<T>(NativeWriter writer, string column, string type, ReadOnlySpan<T> values)
        where T : unmanaged
    {
        writer.Column(column, type);
        writer.Values(values);
    }

    private static ValueTask RunAsync(IClickHouse clickHouse, string sql, string settings = "") =>
        clickHouse.ExecuteAsync(new ClickHouseQuery(settings.Length == 0 ? sql : $"{sql}{(sql.Contains("SETTINGS", StringComparison.Ordinal) ? "," : " SETTINGS")} {settings}", Kind: QueryKind.Batch), CancellationToken.None);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    private void Say(FormattableString line) => to.WriteLine(Text(line));
}
