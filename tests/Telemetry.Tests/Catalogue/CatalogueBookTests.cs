using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;

namespace Telemetry.Tests.Catalogue;

public sealed class CatalogueBookTests
{
    private readonly CatalogueBook _book = new(64 << 20);

    [Theory]
    [InlineData(CatalogueSource.Edited, "a", "")]
    [InlineData(CatalogueSource.Device, "a", "t")]
    [InlineData(CatalogueSource.Sparkplug, "a", "t/u")]
    [InlineData(CatalogueSource.Pattern, "*", "?x")]
    public void A_key_says_of_which_name_it_is(CatalogueSource source, string device, string sensor)
    {
        var name = new CatalogueName(source, device, sensor);
        CatalogueName.OfKey(name.ToKey()).ShouldBe(name);
    }

    [Fact]
    public void Sources_are_put_together_field_by_field_people_first()
    {
        Take(CatalogueSource.Pattern, "*", "t", e => (e.Unit, e.UnitCode, e.DisplayName, e.Decimals, e.HiHi) = ("°C", "Cel", "Temperature", 1, 90));
        Take(CatalogueSource.Sparkplug, "a", "t", e => (e.Unit, e.Description, e.High) = ("degF", "birth", 200));
        Take(CatalogueSource.Device, "a", "t", e => e.Description = "announced");
        Take(CatalogueSource.Edited, "a", "t", e => e.HiHi = 70);
        var (entry, sources) = _book.Explain("a", "t");
        (entry!.Unit, entry.UnitCode, entry.Description, entry.DisplayName, entry.High, entry.HiHi, entry.Decimals)
            .ShouldBe(("degF", "", "announced", "Temperature", 200, 70, 1U));
        sources.ShouldBe([CatalogueSource.Edited, CatalogueSource.Device, CatalogueSource.Sparkplug, CatalogueSource.Pattern]);
    }

    [Fact]
    public void The_pattern_that_says_more_of_a_name_counts_first()
    {
        Take(CatalogueSource.Pattern, "*", "*", e => (e.DisplayName, e.Description) = ("any", "any"));
        Take(CatalogueSource.Pattern, "press-*", "t*", e => e.DisplayName = "press t");
        Take(CatalogueSource.Pattern, "*", "t", e => e.DisplayName = "t");
        (_book.Sensor("press-1", "t")!.DisplayName, _book.Sensor("press-1", "t")!.Description).ShouldBe(("press t", "any"));
        _book.Sensor("saw-1", "t")!.DisplayName.ShouldBe("t");
        _book.Device("press-1").ShouldBeNull("a pattern of sensors says nothing of devices");
    }

    [Fact]
    public void What_a_source_takes_back_is_gone_and_the_others_stay()
    {
        Take(CatalogueSource.Edited, "a", "", e => e.DisplayName = "by hand");
        Take(CatalogueSource.Device, "a", "", e => e.DisplayName = "by itself");
        var tag = _book.ETag;
        Take(CatalogueSource.Edited, "a", "", e => (e.Deleted, e.Version) = (true, 2));
        _book.Device("a")!.DisplayName.ShouldBe("by itself");
        _book.ETag.ShouldNotBe(tag);
        _book.Of(new CatalogueName(CatalogueSource.Edited, "a", ""))!.Version.ShouldBe(2UL);
        _book.Written().ShouldBeEmpty();
    }

    [Fact]
    public async Task Readers_never_miss_an_entry_while_another_takes_its_place()
    {
        Announce("t", "u");
        using var stop = new CancellationTokenSource();
        var missed = Task.Run(() =>
        {
            var count = 0;
            while (!stop.IsCancellationRequested)
            {
                count += _book.Sensor("a", "u") is null ? 1 : 0;
            }

            return count;
        });
        for (var i = 0; i < 50_000; i++)
        {
            Announce(i % 2 == 0 ? ["u"] : ["t", "u"]);
        }

        await stop.CancelAsync();
        (await missed).ShouldBe(0);
    }

    [Fact]
    public void An_announcement_takes_the_place_of_the_one_before_with_all_its_sensors()
    {
        Announce("t", "u");
        _book.Names().SensorsOf("a").ShouldBe(["t", "u"]);
        Announce("u");
        _book.Names().SensorsOf("a").ShouldBe(["u"]);
        _book.Sensor("a", "t").ShouldBeNull();
        Take(CatalogueSource.Device, "a", "", e => e.Deleted = true);
        _book.Names().Devices.ShouldBeEmpty();
        _book.Sensor("a", "u").ShouldBeNull();
    }

    [Fact]
    public void Entries_of_releases_before_there_were_sources_are_births()
    {
        var old = new CatalogueEntry { Device = "a", Sensor = "t", Unit = "bar" };
        _book.Take(FramedMessage.Write(old, SchemaIds.CatalogueEntry));
        _book.Explain("a", "t").Sources.ShouldBe([CatalogueSource.Sparkplug]);
        CatalogueName.Of(old).ToKey().ShouldBe("a/t"u8.ToArray(), "so that a new birth takes its place");
    }

    [Fact]
    public void What_is_no_entry_is_passed_over()
    {
        _book.Take("nonsense"u8.ToArray());
        _book.Take(Array.Empty<byte>());
        _book.Names().Devices.ShouldBeEmpty();
    }

    [Fact]
    public void A_book_that_is_full_leaves_out_and_counts()
    {
        var small = new CatalogueBook(5_000);
        for (var i = 0; i < 100; i++)
        {
            small.Take(new CatalogueEntry { Device = $"device-{i}", DisplayName = "x", Source = CatalogueSource.Edited });
        }

        small.LeftOut.ShouldBeInRange(80, 95);
        small.Names().Devices.Count.ShouldBe(100 - (int)small.LeftOut);

        // What is there can be changed, and what goes makes room.
        small.Take(new CatalogueEntry { Device = "device-0", DisplayName = "y", Source = CatalogueSource.Edited });
        small.Device("device-0")!.DisplayName.ShouldBe("y");
    }

    [Fact]
    public void Devices_are_paged_by_name()
    {
        foreach (var name in new[] { "b", "a", "c.1", "c-1" })
        {
            Take(CatalogueSource.Edited, name, "", e => e.DisplayName = name);
        }

        _book.Names().DevicesAfter("").ShouldBe(["a", "b", "c-1", "c.1"]);
        _book.Names().DevicesAfter("b").ShouldBe(["c-1", "c.1"]);
        _book.Names().DevicesAfter("bb").ShouldBe(["c-1", "c.1"]);
        _book.Names().DevicesAfter("c.1").ShouldBeEmpty();
    }

    private void Announce(params string[] sensors)
    {
        var entry = new CatalogueEntry { Source = CatalogueSource.Device, Device = "a" };
        entry.Sensors.AddRange(sensors.Select(s => new CatalogueEntry { Source = CatalogueSource.Device, Device = "a", Sensor = s, Unit = "bar" }));
        _book.Take(entry);
    }

    private void Take(CatalogueSource source, string device, string sensor, Action<CatalogueEntry> say)
    {
        var entry = new CatalogueEntry { Source = source, Device = device, Sensor = sensor };
        say(entry);
        _book.Take(entry);
    }
}
