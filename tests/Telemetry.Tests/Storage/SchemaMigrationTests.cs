using Telemetry.Storage.Schema;

namespace Telemetry.Tests.Storage;

public sealed class SchemaMigrationTests
{
    [Fact]
    public void Migrations_are_numbered_without_holes()
    {
        var migrations = SchemaMigration.LoadAll();

        migrations.Select(m => m.Number).ShouldBe(Enumerable.Range(1, migrations.Count));
    }

    [Fact]
    public void Every_statement_may_run_twice()
    {
        // A file that failed half-way is run again from its start. MODIFY QUERY and a codec set the same again, and of floors the greatest counts.
        string[] harmless = ["IF NOT EXISTS", "IF EXISTS", " MODIFY QUERY", "_reading CODEC(", "INSERT INTO horizon_floors"];

        SchemaMigration.LoadAll().SelectMany(m => m.Statements).Select(SchemaMigrator.Repeatable)
            .ShouldAllBe(s => harmless.Any(word => s.Split('\n').First(line => !line.StartsWith("--", StringComparison.Ordinal)).Contains(word)));
    }

    [Fact]
    public void Changed_migration_is_refused_by_name()
    {
        var migrations = SchemaMigration.LoadAll();

        var error = Should.Throw<SchemaException>(() => SchemaMigrator.Check([(migrations[0].Name, "other")], migrations));

        error.Message.ShouldContain(migrations[0].Name);
    }

    [Fact]
    public void Database_of_a_newer_version_is_refused()
    {
        var migrations = SchemaMigration.LoadAll();
        var applied = migrations.Select(m => (m.Name, m.Checksum)).Append(("9999_future", "x")).ToList();

        Should.Throw<SchemaException>(() => SchemaMigrator.Check(applied, migrations)).Message.ShouldContain("9999_future");
    }

    [Fact]
    public void Line_ends_do_not_change_a_checksum() =>
        new SchemaMigration(1, "a", "x\r\ny").Checksum.ShouldBe(new SchemaMigration(1, "a", "x\ny").Checksum);
}
