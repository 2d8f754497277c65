using Telemetry.Storage.Schema;

namespace Telemetry.Tests.Storage;

public sealed class SchemaMigrationTests
{
    [Fact]
    public void Migrations_are_numbered_without_holes()
    {
        var migrations = SchemaMigration.LoadAll();

        migrations.Select(m => m.Number).ShouldBe(Enumerable.Range(1, migrations.Count));
        migrations.ShouldAllBe(m => m.Statements.All(s => SchemaMigrator.Repeatable(s).Contains("IF NOT EXISTS")));
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
