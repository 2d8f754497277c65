using System.Text;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;

namespace Telemetry.Tests.Catalogue;

public sealed class CatalogueReaderTests
{
    [Fact]
    public void A_document_of_devices_sensors_and_patterns_is_read()
    {
        var entries = Read(
            """
            {"entries": [
              {"device": "press-07", "displayName": "Press 7", "site": "graz", "line": "line-3", "tags": ["critical", "owner=anna"], "expectedInterval": "10s"},
              {"device": "press-07", "sensor": "oil/temperature", "unitCode": "Cel", "low": -20, "high": 120, "hi": 80.5, "hiHi": 95, "decimals": 1, "kind": "analog"},
              {"device": "*", "sensor": "valve", "kind": "state", "states": {"0": "closed", "1": "open"}}, // everywhere
            ]}
            """);
        var (device, sensor, pattern) = (entries[0], entries[1], entries[2]);
        (device.Source, device.DisplayName, device.Line, device.ExpectedIntervalUs, device.Tags["owner"]).ShouldBe((CatalogueSource.Edited, "Press 7", "line-3", 10_000_000, "anna"));
        (sensor.Unit, sensor.UnitCode, sensor.HiHi, sensor.HasLo, sensor.Decimals, sensor.Kind).ShouldBe(("°C", "Cel", 95, false, 1U, CatalogueKind.Analog));
        (pattern.Source, pattern.States[1]).ShouldBe((CatalogueSource.Pattern, "open"));
    }

    [Theory]
    [InlineData("""{"device": "press 7"}""", "entries[0].device: 'press 7' has the character U+0020 at position 6")]
    [InlineData("""{"sensor": "t"}""", "entries[0].device: '' is missing or empty")]
    [InlineData("""{"device": "a", "unitCode": "Cel"}""", "entries[0].unitCode: This belongs to a sensor")]
    [InlineData("""{"device": "a", "sensor": "t", "site": "graz"}""", "entries[0].site: This belongs to a device")]
    [InlineData("""{"device": "a", "nonsense": 1}""", "entries[0].nonsense: It is not known")]
    [InlineData("""{"device": "a", "sensor": "t", "unitCode": "degC"}""", "'degC' is no UCUM code; perhaps 'Cel' is meant")]
    [InlineData("""{"device": "a", "sensor": "t", "low": 5, "high": 5}""", "entries[0].low: 5 is not below high, 5")]
    [InlineData("""{"device": "a", "sensor": "t", "lo": 9, "hi": 5}""", "entries[0].hi: 5 is below lo, 9")]
    [InlineData("""{"device": "a", "sensor": "t", "loLo": 9, "hiHi": 5}""", "entries[0].hiHi: 5 is below loLo, 9")]
    [InlineData("""{"device": "a", "sensor": "t", "hi": "warm"}""", "entries[0].hi: Give a number")]
    [InlineData("""{"device": "a", "sensor": "t", "decimals": 1.5}""", "entries[0].decimals: Give a whole number from 0 to 15")]
    [InlineData("""{"device": "a", "sensor": "t", "kind": "thing"}""", "entries[0].kind: 'thing' is not one of analog, state, counter, text-free")]
    [InlineData("""{"device": "a", "sensor": "t", "kind": "analog", "states": {"1": "on"}}""", "entries[0].states: Only a sensor of the kind 'state'")]
    [InlineData("""{"device": "a", "sensor": "t", "states": {"x": "on"}}""", "entries[0].states: 'x' is not the whole number")]
    [InlineData("""{"device": "a", "expectedInterval": "soon"}""", "entries[0].expectedInterval: 'soon' is not a duration")]
    [InlineData("""{"device": "a", "tags": "critical"}""", "entries[0].tags: Give an array")]
    [InlineData("""{"device": "a"}, {"device": "a"}""", "entries[1]: This is about the same as entries[0]")]
    [InlineData("7", "entries[0]: An entry is an object")]
    public void What_is_wrong_is_said_with_its_place(string entry, string problem)
    {
        CatalogueReader.ReadDocument(Encoding.UTF8.GetBytes($$"""{"entries": [{{entry}}]}"""), out var errors).ShouldBeNull();
        errors.Select(e => e.ToString()).ShouldContain(text => text.StartsWith(problem, StringComparison.Ordinal) || text.Contains(problem, StringComparison.Ordinal));
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once_and_no_more_than_a_hundred_times()
    {
        var document = "{\"entries\": [" + string.Join(',', Enumerable.Range(0, 500).Select(i => $"{{\"device\": \"a b {i}\"}}")) + "]}";
        CatalogueReader.ReadDocument(Encoding.UTF8.GetBytes(document), out var errors).ShouldBeNull();
        errors.Count.ShouldBe(100);
    }

    [Fact]
    public void An_answer_can_be_put_back()
    {
        var entry = CatalogueReader.ReadEntry(
            """{"device": "a", "displayName": "A", "description": null, "sources": ["edited"], "version": 3, "by": "ann", "edited": {}, "tags": []}"""u8.ToArray(), "a", "", out _);
        entry.ShouldNotBeNull().DisplayName.ShouldBe("A");
        CatalogueReader.ReadEntry("""{"device": "b"}"""u8.ToArray(), "a", "", out var errors).ShouldBeNull();
        errors[0].ToString().ShouldBe("device: It names 'b', and the entry is about 'a'. Leave it out.");
    }

    [Fact]
    public void A_device_announces_itself_with_its_sensors()
    {
        var entry = CatalogueReader.ReadAnnouncement(
            """{"displayName": "A", "sensors": [{"sensor": "t", "unit": "°C"}, {"sensor": "u"}]}"""u8.ToArray(), "a", out _).ShouldNotBeNull();
        (entry.Source, entry.Sensors.Count, entry.Sensors[0].Device, entry.Sensors[0].UnitCode).ShouldBe((CatalogueSource.Device, 2, "a", "Cel"));
        CatalogueReader.ReadAnnouncement("""{"sensors": [{"sensor": "t"}, {"sensor": "t"}]}"""u8.ToArray(), "a", out var errors).ShouldBeNull();
        errors[0].Where.ShouldBe("sensors[1].sensor");
    }

    private static IReadOnlyList<CatalogueEntry> Read(string document) =>
        CatalogueReader.ReadDocument(Encoding.UTF8.GetBytes(document), out var errors) ?? throw new InvalidOperationException(string.Join(" ", errors));
}
