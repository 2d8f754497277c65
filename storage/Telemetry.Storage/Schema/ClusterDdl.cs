using System.Text.RegularExpressions;

namespace Telemetry.Storage.Schema;

/// <summary>
/// The schema's statements for a cluster: on every host, with replicated engines, and with the views that users read spread over the
/// shards. Tables keep their names and are local: the sink writes a block, whole, into the tables of the one shard that its log partition
/// belongs to, so that a part and its markers stay together. Users read <c>x_data</c>, a Distributed table over the local
/// views <c>x_data_local</c>, so that each shard aggregates what it has.
/// </summary>
/// <param name="cluster">Cluster, as in the servers' <c>remote_servers</c>.</param>
/// <param name="database">Database; the same on every host.</param>
internal sealed partial class ClusterDdl(string cluster, string database)
{
    /// <summary>Kept by every host alike, whatever its shard.</summary>
    private static readonly string[] Global = ["schema_migrations", "schema_settings", "horizon_floors", "device_deletions"];

    /// <summary>The statement or statements that take the place of <paramref name="statement"/>, which is repeatable already.</summary>
    public IEnumerable<string> Render(string statement)
    {
        if (View().Match(statement) is { Success: true } view && view.Groups["name"].Value.EndsWith("_data", StringComparison.Ordinal))
        {
            var name = view.Groups["name"].Value;
            yield return $"CREATE VIEW IF NOT EXISTS {name}_local {On}{statement[view.Length..]}";
            yield return $"CREATE TABLE IF NOT EXISTS {name} {On} AS {name}_local ENGINE = Distributed('{cluster}', '{database}', '{name}_local')";
            yield break;
        }

        if (DropView().Match(statement) is { Success: true } dropped && dropped.Groups["name"].Value.EndsWith("_data", StringComparison.Ordinal))
        {
            var name = dropped.Groups["name"].Value;
            yield return $"DROP TABLE IF EXISTS {name} {On} SYNC";
            yield return $"DROP VIEW IF EXISTS {name}_local {On} SYNC";
            yield break;
        }

        var head = Head().Match(statement);
        if (!head.Success)
        {
            yield return statement;
            yield break;
        }

        var table = head.Groups["name"].Value;
        var on = $"{head.Value} {On}{statement[head.Length..]}";
        yield return Engine().Replace(on, engine => Replicated(engine, table), 1);
    }

    private string On => $"ON CLUSTER '{cluster}'";

    private static string Replicated(Match engine, string table)
    {
        var (path, replica) = Global.Contains(table)
            ? ("/clickhouse/tables/all/{database}/{table}", "{shard}-{replica}")
            : ("/clickhouse/tables/{shard}/{database}/{table}", "{replica}");
        var arguments = engine.Groups["arguments"].Value;
        return $"ENGINE = Replicated{engine.Groups["engine"].Value}('{path}', '{replica}'{(arguments.Length > 0 ? $", {arguments}" : "")})";
    }

    [GeneratedRegex(@"^(CREATE (TABLE|MATERIALIZED VIEW|VIEW) IF NOT EXISTS|ALTER TABLE) (?<name>\w+)")]
    private static partial Regex Head();

    [GeneratedRegex(@"^CREATE VIEW IF NOT EXISTS (?<name>\w+)")]
    private static partial Regex View();

    [GeneratedRegex(@"^DROP VIEW IF EXISTS (?<name>\w+)")]
    private static partial Regex DropView();

    [GeneratedRegex(@"ENGINE = (?<engine>\w*MergeTree)(\((?<arguments>[^)]*)\))?")]
    private static partial Regex Engine();
}
