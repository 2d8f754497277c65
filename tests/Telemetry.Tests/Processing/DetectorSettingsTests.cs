using System.Text;
using Telemetry.Contracts.Text;
using Telemetry.Processing.Settings;

namespace Telemetry.Tests.Processing;

public sealed class DetectorSettingsTests
{
    private const string Document = """
        {
          // Comments and trailing commas may be there.
          "tags": { "line-3": ["press-003?", "press-0041"] },
          "rules": [
            { "device": "press-0031", "sensor": "vib*", "detectors": [] },
            { "tag": "line-3", "detectors": ["default", { "detector": "ssa-spike", "Confidence": 99.5, "side": "positive" }] },
            { "sensor": "flow", "detectors": [{ "detector": "iid-change-point", "gated": true }], "note": "pump" },
          ],
          "outOfService": [
            { "device": "press-0041", "from": "2026-12-01T06:00:00Z", "to": "2026-12-01T18:00:00+01:00", "reason": "overhaul" },
            { "tag": "line-3", "sensor": "flow", "from": "2026-12-02T00:00:00Z" },
          ],
        }
        """;

    [Fact]
    public void The_first_rule_that_fits_says_what_runs()
    {
        var settings = Read(Document);
        Texts("press-0031", "vibration").ShouldBe("");
        Texts("press-0031", "flow").ShouldBe("default + ssa-spike:Confidence=99.5,side=positive");
        Texts("press-0099", "flow").ShouldBe("gated iid-change-point");
        Texts("press-0099", "vibration").ShouldBe("default");
        string Texts(string device, string sensor) => string.Join(" + ", settings.DetectorsOf(device, sensor));
    }

    [Fact]
    public void Out_of_service_goes_by_pattern_and_event_time()
    {
        var settings = Read(Document);
        Is("press-0041", "power", "2026-12-01T05:59:59Z").ShouldBeFalse();
        Is("press-0041", "power", "2026-12-01T06:00:00Z").ShouldBeTrue();
        Is("press-0041", "power", "2026-12-01T17:00:00Z").ShouldBeFalse();
        Is("press-0030", "flow", "2027-12-01T17:00:00Z").ShouldBeTrue();
        Is("press-0030", "power", "2027-12-01T17:00:00Z").ShouldBeFalse();
        bool Is(string device, string sensor, string at) =>
            settings.IsOutOfService(device, sensor, TimeText.TryParse(at, DateTimeOffset.UnixEpoch, out var us) ? us : 0);
    }

    [Theory]
    [InlineData("""{ "rules": [{ "detectors": ["z-score"] }] }""", "rules[0].detectors[0]: 'z-score' is not a detector")]
    [InlineData("""{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Window": 3 }] }] }""", "PvalueHistoryLength")]
    [InlineData("""{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Confidence": 200 }] }] }""", "rules[0].detectors[0]")]
    [InlineData("""{ "rules": [{ "detectors": [{ "detector": "iid-spike", "Side": 1 }] }] }""", "TwoSided")]
    [InlineData("""{ "rules": [{ "device": "a b", "detectors": [] }] }""", "rules[0].device: 'a b' is no pattern")]
    [InlineData("""{ "rules": [{ "tag": "x", "detectors": [] }] }""", "rules[0].tag: there is no tag 'x'")]
    [InlineData("""{ "rules": [{ "detecters": [] }] }""", "rules[0].detecters: there is no such member")]
    [InlineData("""{ "rules": [{ "detectors": ["default", "default"] }] }""", "twice")]
    [InlineData("""{ "outOfService": [{ "from": "now-1h" }] }""", "outOfService[0].from: 'now-1h' is not a point in time")]
    [InlineData("""{ "outOfService": [{ "from": "2026-12-02T00:00:00Z", "to": "2026-12-01T00:00:00Z" }] }""", "outOfService[0].to")]
    [InlineData("""[]""", "give an object")]
    [InlineData("""{ "rules": [ }""", "Not JSON")]
    public void A_bad_document_is_refused_with_the_place(string document, string expected) =>
        Should.Throw<DetectorSettingsException>(() => Read(document)).Message.ShouldContain(expected);

    [Fact]
    public void Of_two_versions_written_at_once_the_first_on_the_log_counts_for_everybody()
    {
        var book = new SettingsBook();
        Take(Version(1, "a"));
        Take(Version(2, "b"));
        Take(Version(2, "c"));
        Take(Version(3, "d"));
        book.Versions.Select(v => v.Id).ShouldBe(["d", "b", "a"]);
        book.Latest!.Number.ShouldBe(3);
        book.Take(Encoding.UTF8.GetBytes("version/a"), default);
        book.Versions.Select(v => v.Id).ShouldBe(["d", "b"]);
        void Take(SettingsVersion version) => book.Take(Encoding.UTF8.GetBytes(version.Key), version.ToRecord());
    }

    [Fact]
    public void A_version_this_program_cannot_read_is_shown_and_not_put_in_force()
    {
        var book = new SettingsBook();
        var good = Version(1, "a");
        var newer = Version(2, "b") with { Document = Encoding.UTF8.GetBytes("""{ "hologram": 1 }""") };
        book.Take(Encoding.UTF8.GetBytes(good.Key), good.ToRecord());
        book.Take(Encoding.UTF8.GetBytes(newer.Key), newer.ToRecord());
        book.Latest!.Number.ShouldBe(1);
        book.LastNumber.ShouldBe(2);
        book.Versions[0].Problem.ShouldContain("hologram");
    }

    [Fact]
    public void Pins_are_kept_by_group_and_partition_and_can_be_deleted()
    {
        var book = new SettingsBook();
        SettingsPin[] pins = [new("g/1", 0, 5, 1), new("g/1", 0, 90, 2), new("g/1", 1, 7, 2), new("h", 0, 1, 2)];
        foreach (var pin in pins)
        {
            book.Take(Encoding.UTF8.GetBytes(pin.Key), pin.ToRecord());
        }

        book.PinsOf("g/1", 0).ShouldBe([pins[0], pins[1]]);
        book.Take(Encoding.UTF8.GetBytes(pins[0].Key), default);
        book.PinsOf("g/1", 0).ShouldBe([pins[1]]);
        book.PinsOf("h", 0).ShouldBe([pins[3]]);
    }

    private static DetectorSettings Read(string document) => DetectorSettingsReader.Read(Encoding.UTF8.GetBytes(document));

    private static SettingsVersion Version(int number, string id) => new()
    {
        Number = number,
        Id = id,
        At = DateTimeOffset.UnixEpoch,
        By = "anna",
        Source = "api",
        Document = "{}"u8.ToArray(),
    };
}
