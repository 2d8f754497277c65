using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;

namespace Telemetry.Storage.Schema;

/// <summary>
/// Brings a database to the schema of this program: runs the numbered SQL files that its ledger (table
/// <c>schema_migrations</c>) does not name, in order, and refuses a database whose ledger names another text.
/// ClickHouse has no transactional DDL: a file that failed half-way is run again from its start, so its statements
/// are made repeatable (IF NOT EXISTS) before they run.
/// </summary>
public static class SchemaMigrator
{
    private const string Ledger =
        "CREATE TABLE IF NOT EXISTS schema_migrations (number UInt32, name String, checksum String, applied_at DateTime64(3, 'UTC')) "
        + "ENGINE = MergeTree ORDER BY number SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480";

    private const string Settings =
        "CREATE TABLE IF NOT EXISTS schema_settings (name String, value String, applied_at DateTime64(3, 'UTC')) "
        + "ENGINE = ReplacingMergeTree(applied_at) ORDER BY name SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480";

    private const string ColdStorage = "cold_storage";
    private const string MinuteRetention = "minute_retention_seconds";
    private const string MergeBase = "merge_selector_base";

    private static readonly TimeSpan MarkersMin = TimeSpan.FromDays(1);

    private static readonly string[] Tables =
        ["readings", "readings_1m", "readings_1h", "readings_1d", "readings_last", "anomalies", "device_events", "incidents", "alarms", "catalogue"];

    /// <summary>
    /// Applies what is missing. Safe to call at every start, also by several processes at once: every statement may run twice, and the ledger
    /// is read by name, so that an entry that two have written counts once.
    /// </summary>
    /// <exception cref="SchemaException">The database was made by another or newer schema.</exception>
    /// <exception cref="ClickHouseException">A statement failed; nothing after it was run.</exception>
    public static async ValueTask ApplyAsync(
        IClickHouse clickHouse,
        SchemaOptions options,
        ILoggerFactory loggerFactory,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var logger = loggerFactory.CreateLogger("Telemetry.Storage.Schema");
        var cluster = await ClusterAsync(clickHouse, options, cancellationToken);
        await ExecuteAsync(clickHouse, cluster, Ledger, cancellationToken);
        await ExecuteAsync(clickHouse, cluster, Settings, cancellationToken);
        var applied = await ReadAsync(
            clickHouse, "SELECT DISTINCT name, checksum FROM schema_migrations ORDER BY number SETTINGS select_sequential_consistency = 1", cancellationToken);
        var migrations = SchemaMigration.LoadAll();
        Check(applied, migrations);
        foreach (var migration in migrations.Skip(applied.Count))
        {
            foreach (var statement in migration.Statements)
            {
                await ExecuteAsync(clickHouse, cluster, Repeatable(statement), cancellationToken);
            }

            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    "INSERT INTO schema_migrations SELECT {number:UInt32}, {name:String}, {checksum:String}, fromUnixTimestamp64Milli({now:Int64}, 'UTC')",
                    [
                        new("number", migration.Number.ToString(CultureInfo.InvariantCulture)),
                        new("name", migration.Name),
                        new("checksum", migration.Checksum),
                        new("now", Now(time)),
                    ]),
                cancellationToken);
            Log.MigrationApplied(logger, migration.Name);
        }

        await ApplySettingsAsync(clickHouse, cluster, options, logger, time, cancellationToken);
    }

    /// <summary>True: the store keeps minutes (<see cref="SchemaOptions.MinuteRetention"/>), as the last one that applied its settings has said.</summary>
    /// <exception cref="ClickHouseException">The store does not answer.</exception>
    internal static async ValueTask<bool> HasMinutesAsync(IClickHouse clickHouse, CancellationToken cancellationToken) =>
        (await clickHouse.QueryRowsAsync(
            $"SELECT argMax(value, applied_at) FROM schema_settings WHERE name = '{MinuteRetention}' GROUP BY name", null, cancellationToken)) is not [["0"]];

    internal static void Check(IReadOnlyList<(string Name, string Value)> applied, IReadOnlyList<SchemaMigration> migrations)
    {
        if (applied.Count > migrations.Count)
        {
            throw new SchemaException(
                $"The database has migration {applied[migrations.Count].Name}, which this program does not know: it was made by a "
                + "newer version. Run that version, or restore a backup.");
        }

        for (var i = 0; i < applied.Count; i++)
        {
            if (applied[i].Name != migrations[i].Name || applied[i].Value != migrations[i].Checksum)
            {
                throw new SchemaException(
                    $"Migration {migrations[i].Name} was applied to this database as {applied[i].Name} with checksum {applied[i].Value}, but "
                    + $"this program's text has {migrations[i].Checksum}. A migration never changes once released: put changes "
                    + "into a new file.");
            }
        }
    }

    /// <summary>CREATE x becomes CREATE x IF NOT EXISTS.</summary>
    internal static string Repeatable(string statement)
    {
        foreach (var create in (ReadOnlySpan<string>)["CREATE TABLE ", "CREATE MATERIALIZED VIEW ", "CREATE VIEW "])
        {
            if (statement.StartsWith(create, StringComparison.Ordinal))
            {
                return $"{create}IF NOT EXISTS {statement[create.Length..]}";
            }
        }

        return statement;
    }

    private static async ValueTask ApplySettingsAsync(
        IClickHouse clickHouse, ClusterDdl? cluster, SchemaOptions options, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        var known = (await ReadAsync(clickHouse, "SELECT name, value FROM schema_settings FINAL", cancellationToken))
            .ToDictionary(s => s.Name, s => s.Value, StringComparer.Ordinal);
        var mergesKnown = (await ReadAsync(clickHouse, $"SELECT name, '' FROM system.merge_tree_settings WHERE name = '{MergeBase}'", cancellationToken)).Count > 0;
        foreach (var (name, value, statements) in SettingsOf(options, known.ContainsKey(ColdStorage), mergesKnown))
        {
            if (known.TryGetValue(name, out var current) && current == value)
            {
                continue;
            }

            if (current is not null)
            {
                await NoteFloorsAsync(clickHouse, name, current, cancellationToken);
            }

            foreach (var statement in statements)
            {
                await ExecuteAsync(clickHouse, cluster, statement, cancellationToken);
            }

            await NoteSettingAsync(clickHouse, name, value, logger, time, cancellationToken);
        }
    }

    private static async ValueTask NoteSettingAsync(
        IClickHouse clickHouse, string name, string value, ILogger logger, TimeProvider time, CancellationToken cancellationToken)
    {
        await clickHouse.ExecuteAsync(
            new ClickHouseQuery(
                "INSERT INTO schema_settings SELECT {name:String}, {value:String}, fromUnixTimestamp64Milli({now:Int64}, 'UTC')",
                [new("name", name), new("value", value), new("now", Now(time))]),
            cancellationToken);
        Log.SchemaSettingApplied(logger, name, value);
    }

    /// <summary>What the retention that ends now has removed stays removed, however long the next one is: the horizon has to know.</summary>
    private static async ValueTask NoteFloorsAsync(IClickHouse clickHouse, string setting, string seconds, CancellationToken cancellationToken)
    {
        foreach (var table in StoreTables.All.Where(t => StoreHorizonReader.KeptBy(setting).Contains(t)))
        {
            await clickHouse.ExecuteAsync(
                new ClickHouseQuery(
                    "INSERT INTO horizon_floors SELECT {table:String}, fromUnixTimestamp64Micro(greatest(0, toUnixTimestamp64Micro(now64(6)) - {seconds:Int64} * 1000000), 'UTC') "
                    + "SETTINGS async_insert = 0",
                    [new("table", table.Name()), new("seconds", seconds)]),
                cancellationToken);
        }
    }

    /// <exception cref="SchemaException">The servers do not know the cluster.</exception>
    private static async ValueTask<ClusterDdl?> ClusterAsync(
        IClickHouse clickHouse, SchemaOptions options, CancellationToken cancellationToken)
    {
        if (options.Cluster.Length == 0)
        {
            return null;
        }

        var rows = await ReadAsync(
            clickHouse, $"SELECT currentDatabase(), count() FROM system.clusters WHERE cluster = '{options.Cluster}'", cancellationToken);
        return rows[0].Value != "0"
            ? new ClusterDdl(options.Cluster, rows[0].Name)
            : throw new SchemaException(
                $"The server knows no cluster {options.Cluster}: see system.clusters, and set Schema:Cluster to one of its names.");
    }

    private static async ValueTask ExecuteAsync(
        IClickHouse clickHouse, ClusterDdl? cluster, string statement, CancellationToken cancellationToken)
    {
        foreach (var rendered in cluster?.Render(statement) ?? [statement])
        {
            await clickHouse.ExecuteAsync(new ClickHouseQuery(rendered), cancellationToken);
        }
    }

    private static IEnumerable<(string Name, string Value, IEnumerable<string> Statements)> SettingsOf(
        SchemaOptions options, bool wasCold, bool mergesKnown)
    {
        var raw = Seconds(options.RawRetention);
        var cold = options.ColdAfter > TimeSpan.Zero ? $"{options.ColdPolicy}/{options.ColdVolume}/{Seconds(options.ColdAfter)}" : "";
        var readings = $"ALTER TABLE readings MODIFY TTL {Ttl("event_time", raw)}"
            + (cold.Length == 0 ? "" : $", {Ttl("event_time", Seconds(options.ColdAfter))} TO VOLUME '{options.ColdVolume}'");
        if (cold.Length > 0 || wasCold)
        {
            // First of all: a table must have the policy before a TTL names one of its volumes.
            yield return (ColdStorage, cold, cold.Length == 0 ? [readings] : [$"ALTER TABLE readings MODIFY SETTING storage_policy = '{options.ColdPolicy}'", readings]);
        }

        yield return ("raw_retention_seconds", raw, ((IEnumerable<string>)["anomalies", "device_events", "incidents", "alarms"])
            .Select(t => $"ALTER TABLE {t} MODIFY TTL {Ttl("event_time", raw)}").Prepend(readings));
        var minute = Seconds(options.MinuteRetention);
        // Markers stay in the table without minutes, longer than a checkpoint may take.
        var marked = Seconds(options.MinuteRetention < MarkersMin ? MarkersMin : options.MinuteRetention);
        yield return (MinuteRetention, minute, [$"ALTER TABLE readings_1m MODIFY TTL {Ttl("ts", marked)}"]);
        var free = options.FreeDiskBytesMin.ToString(CultureInfo.InvariantCulture);
        var replaced = Seconds(options.ReplacedPartsLifetime);
        yield return ("replaced_parts_lifetime", replaced, Tables.Select(t => $"ALTER TABLE {t} MODIFY SETTING old_parts_lifetime = {replaced}"));
        if (mergesKnown)
        {
            var mergeBase = options.MergeBase.ToString(CultureInfo.InvariantCulture);
            yield return ("merge_base", mergeBase, [$"ALTER TABLE readings MODIFY SETTING {MergeBase} = {mergeBase}"]);
            yield return ("merge_base_rollups", mergeBase, ((IEnumerable<string>)["readings_1m", "readings_1h", "readings_1d", "readings_last"])
                .Select(t => $"ALTER TABLE {t} MODIFY SETTING {MergeBase} = {mergeBase}"));
        }

        foreach (var codec in ColumnCodec.All)
        {
            yield return (codec.Setting, codec.Codec, [codec.Statement]);
        }

        yield return ("free_disk_bytes_min", free, Tables.Select(
            t => $"ALTER TABLE {t} MODIFY SETTING min_free_disk_bytes_to_perform_insert = {free}"));
    }

    /// <summary>A TTL is 32 bits of seconds in the engine: a sum beyond 2106 would wrap, and fresh rows would go.</summary>
    private static string Ttl(string column, string seconds) =>
        $"toDateTime(least(toInt64(toUnixTimestamp({column})) + {seconds}, 4294967295))";

    private static async ValueTask<IReadOnlyList<(string Name, string Value)>> ReadAsync(
        IClickHouse clickHouse, string sql, CancellationToken cancellationToken)
    {
        var result = await clickHouse.QueryAsync(new ClickHouseQuery(sql, Format: "TabSeparated"), cancellationToken);
        return
        [
            .. Encoding.UTF8.GetString(result.Body.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries)
                .Select(l => l.Split('\t')).Select(f => (f[0], f[1])),
        ];
    }

    private static string Seconds(TimeSpan time) => ((long)time.TotalSeconds).ToString(CultureInfo.InvariantCulture);

    private static string Now(TimeProvider time) => time.GetUtcNow().ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
}
