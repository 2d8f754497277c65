using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.SchemaRegistry.Cache;

namespace Telemetry.Tests.SchemaRegistry;

public sealed class CachedRegistriesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-caches-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Registry_of_the_newest_cache_is_found()
    {
        Save("http://old:8081", DateTime.UtcNow.AddHours(-2));
        Save("http://new:8081", DateTime.UtcNow.AddHours(-1));

        CachedRegistries.FindNewest(_directory).ShouldBe(new Uri("http://new:8081"));
    }

    [Fact]
    public void Damaged_cache_is_passed_over()
    {
        Save("http://old:8081", DateTime.UtcNow.AddHours(-2));
        File.WriteAllText(Path.Combine(_directory, "registry-0000.cache"), "no cache");

        CachedRegistries.FindNewest(_directory).ShouldBe(new Uri("http://old:8081"));
    }

    [Fact]
    public void Folder_that_is_not_there_holds_none() => CachedRegistries.FindNewest(Path.Combine(_directory, "none")).ShouldBeNull();

    private void Save(string registry, DateTime written)
    {
        var file = new SchemaCacheFile(_directory, registry, 10, NullLogger.Instance);
        file.Save(CachedSchemas.Empty);
        File.SetLastWriteTimeUtc(file.Path, written);
    }
}
