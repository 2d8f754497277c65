using System.Text;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.V1;
using Telemetry.Query.Catalogue;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;

namespace Telemetry.Tests.Catalogue;

public sealed class CatalogueCsvTests
{
    [Fact]
    public void A_table_of_a_spreadsheet_is_read_whatever_stands_between_its_columns()
    {
        foreach (var table in new[]
        {
            "device,sensor,displayName,unit,hi,tags,states\npress-07,,\"Press 7, left\",,,critical;owner=anna,\npress-07,temp,,°C,80.5,,\n*,valve,,,,,0=closed;1=open\n",
            "\uFEFFdevice;sensor;displayName;unit;hi;tags;states\r\npress-07;;Press 7, left;;;\"critical;owner=anna\";\r\npress-07;temp;;°C;80.5;;\r\n*;valve;;;;;\"0=closed;1=open\"\r\n",
        })
        {
            var entries = CatalogueCsv.Read(Encoding.UTF8.GetBytes(table), out var errors);
            errors.ShouldBeEmpty();
            entries!.Select(e => e.Source).ShouldBe([CatalogueSource.Edited, CatalogueSource.Edited, CatalogueSource.Pattern]);
            (entries![0].DisplayName, entries[0].Tags["owner"], entries[1].UnitCode, entries[1].Hi, entries[2].States[1]).ShouldBe(("Press 7, left", "anna", "Cel", 80.5, "open"));
        }
    }

    [Theory]
    [InlineData("device,sensor,hi\na,t,warm\n", "line 2, column hi: Give a number.")]
    [InlineData("device,sensor\na,t\n\nb c,t\n", "line 4, column device: 'b c' has the character U+0020")]
    [InlineData("device,colour\na,red\n", "line 1: There is no column 'colour'.")]
    [InlineData("device,device\na,b\n", "line 1: The column 'device' is there 2 times.")]
    [InlineData("", "line 1: The first line names the columns")]
    [InlineData("device,sensor\na,t\na,t\n", "line 3: This is about the same as line 2.")]
    public void What_is_wrong_is_said_by_line_and_column(string table, string problem)
    {
        CatalogueCsv.Read(Encoding.UTF8.GetBytes(table), out var errors).ShouldBeNull();
        errors[0].ToString().ShouldStartWith(problem);
    }

    [Fact]
    public void What_was_written_says_the_same_when_it_is_read_again()
    {
        var entries = FleetCatalogue.Of(new SimulatorOptions { Devices = 50 }).ToList();
        foreach (var entry in entries.Where(e => e.Source == CatalogueSource.Device))
        {
            entry.Source = CatalogueSource.Edited;
        }

        entries[0].DisplayName = "with \"quotes\", commas\u00b7and; semicolons";
        CatalogueCsv.Read(Encoding.UTF8.GetBytes(CatalogueCsv.Write(entries)), out var wrong).ShouldBe(entries, string.Join(" ", wrong));
        CatalogueReader.ReadDocument(CatalogueDocument.Write(entries), out wrong).ShouldBe(entries, string.Join(" ", wrong));
    }

    [Fact]
    public void Devices_whose_past_is_played_say_from_when_to_when()
    {
        var options = new SimulatorOptions { Devices = 3, History = TimeSpan.FromHours(6), HistoryDevices = 2, HistoryWithin = TimeSpan.FromSeconds(40) };
        var devices = FleetCatalogue.Of(options, new DateTimeOffset(2026, 11, 30, 18, 0, 0, TimeSpan.FromHours(2))).Where(e => e.Sensor.Length == 0).ToList();

        devices.Select(d => d.Tags.TryGetValue(FleetCatalogue.HistoryTag, out var past) ? past : "").ShouldBe(
            ["2026-11-30T10:00:00Z/2026-11-30T16:00:40Z", "2026-11-30T10:00:00Z/2026-11-30T16:00:40Z", ""]);
    }

    [Fact]
    public void A_fleet_has_the_same_catalogue_again_and_every_device_a_place_of_its_own_line()
    {
        var options = new SimulatorOptions { Devices = 1_000 };
        var entries = FleetCatalogue.Of(options).ToList();
        entries.ShouldBe(FleetCatalogue.Of(options));
        entries.Count.ShouldBe(1_009);
        entries.Where(e => e.Sensor.Length == 0).GroupBy(e => e.Line).Select(g => g.Count()).Distinct().ShouldBe([20]);
        entries.ShouldAllBe(e => !e.Tags.ContainsKey(FleetCatalogue.HistoryTag));
        entries.Where(e => e.Sensor.Length > 0 && e.Kind is CatalogueKind.Analog or CatalogueKind.Counter).ShouldAllBe(e => UcumUnit.IsCode(e.UnitCode));
    }
}
