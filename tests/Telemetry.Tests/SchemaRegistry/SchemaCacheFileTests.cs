using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.SchemaRegistry.Cache;

namespace Telemetry.Tests.SchemaRegistry;

public sealed class SchemaCacheFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-schemas-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void What_was_saved_is_loaded()
    {
        File("http://a").Save(Known("s", 3));
        var loaded = File("http://a").Load();
        loaded.Registered["s"].ShouldBe(new CachedId(3, "hash"));
        loaded.Texts[3].ShouldBe("text of 3");
        loaded.Texts[4].ShouldBeNull();
    }

    [Fact]
    public void A_byte_changed_or_cut_anywhere_is_as_good_as_no_cache()
    {
        var file = File("http://a");
        file.Save(Known("s", 3));
        var whole = System.IO.File.ReadAllBytes(file.Path);
        for (var i = 0; i < whole.Length; i++)
        {
            byte[] damaged = [.. whole];
            damaged[i] ^= 0x20;
            System.IO.File.WriteAllBytes(file.Path, damaged);
            file.Load().Registered.ShouldBeEmpty();
            System.IO.File.WriteAllBytes(file.Path, whole[..i]);
            file.Load().Texts.ShouldBeEmpty();
        }
    }

    [Fact]
    public void Each_registry_has_a_cache_of_its_own()
    {
        File("http://a").Save(Known("s", 3));
        File("http://b").Load().Registered.ShouldBeEmpty();
    }

    [Fact]
    public void Processes_that_share_a_folder_keep_what_both_learned_or_lose_a_part_and_never_damage_it()
    {
        Parallel.For(0, 40, i => File("http://a").Save(Known("s" + (i % 8), i % 8)));
        var loaded = File("http://a").Load();
        loaded.Registered.ShouldNotBeEmpty();
        loaded.Registered.ShouldAllBe(r => r.Key == "s" + r.Value.Id);
        Directory.GetFiles(_directory).Length.ShouldBe(1);
    }

    [Fact]
    public void The_cache_is_bounded()
    {
        var file = File("http://a", schemasMax: 10);
        for (var i = 0; i < 50; i += 2)
        {
            file.Save(Known("s", i));
        }

        file.Load().Texts.Count.ShouldBeLessThanOrEqualTo(10);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_stops_nobody()
    {
        var inTheWay = Path.Combine(_directory, "file");
        System.IO.File.WriteAllText(inTheWay, "");
        var file = new SchemaCacheFile(inTheWay, "http://a", 10, NullLogger.Instance);
        file.Save(Known("s", 1));
        file.Load().Registered.ShouldBeEmpty();
    }

    private SchemaCacheFile File(string registry, int schemasMax = 100) => new(_directory, registry, schemasMax, NullLogger.Instance);

    private static CachedSchemas Known(string subject, int id) => new(
        new Dictionary<string, CachedId> { [subject] = new(id, "hash") },
        new Dictionary<int, string?> { [id] = $"text of {id}", [id + 1] = null });
}
