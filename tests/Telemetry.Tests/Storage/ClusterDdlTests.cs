using Telemetry.Storage.Schema;
using Telemetry.Storage.Writing;

namespace Telemetry.Tests.Storage;

public sealed class ClusterDdlTests
{
    private const string Golden = "Storage/cluster-schema.sql";

    /// <summary>TELEMETRY_TEST_WRITE_GOLDEN=1 writes the file anew, into the build's folder.</summary>
    [Fact]
    public async Task Schema_for_a_cluster_is_as_reviewed()
    {
        var cluster = new ClusterDdl("telemetry", "iot");
        var text = string.Join("\n\n", SchemaMigration.LoadAll().SelectMany(m => m.Statements)
            .SelectMany(s => cluster.Render(SchemaMigrator.Repeatable(s))).Select(s => $"{s};")) + "\n";
        var path = Path.Combine(AppContext.BaseDirectory, Golden);
        if (Environment.GetEnvironmentVariable("TELEMETRY_TEST_WRITE_GOLDEN") == "1")
        {
            await File.WriteAllTextAsync(path, text, TestContext.Current.CancellationToken);
        }

        text.ShouldBe((await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken)).ReplaceLineEndings("\n"));
    }

    [Fact]
    public void Engine_keeps_its_arguments_behind_path_and_replica() =>
        new ClusterDdl("c", "d").Render("CREATE TABLE IF NOT EXISTS schema_settings (name String) ENGINE = ReplacingMergeTree(applied_at) ORDER BY name")
            .ShouldHaveSingleItem().ShouldBe(
                "CREATE TABLE IF NOT EXISTS schema_settings ON CLUSTER 'c' (name String) ENGINE = ReplicatedReplacingMergeTree("
                + "'/clickhouse/tables/all/{database}/{table}', '{shard}-{replica}', applied_at) ORDER BY name");

    [Fact]
    public void Rows_of_a_deleted_device_go_on_every_host() =>
        new ClusterDdl("c", "d").Render(DeletedRows.Of("pump-7").Statement("readings")).ShouldBe(
            ["ALTER TABLE readings ON CLUSTER 'c' DELETE WHERE device = {device:String} SETTINGS mutations_sync = 0"]);

    [Fact]
    public void Settings_of_tables_go_to_every_host() =>
        new ClusterDdl("c", "d").Render("ALTER TABLE readings MODIFY TTL x").ShouldBe(["ALTER TABLE readings ON CLUSTER 'c' MODIFY TTL x"]);
}
