using System.Text;
using Telemetry.Host.Detection;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Settings;

namespace Telemetry.Tests.Host;

public sealed class AppliedSettingsTests
{
    [Fact]
    public void What_was_tried_becomes_the_first_rule_and_the_rest_stays()
    {
        var before = """
            { "tags": { "line": ["press-1"] }, // kept
              "rules": [{ "sensor": "flow", "detectors": ["typed"] }, { "device": "press-1", "detectors": [] }, { "sensor": "flow", "tag": "line", "detectors": [] }],
              "outOfService": [{ "device": "x" }] }
            """;
        var document = AppliedSettings.With(
            Encoding.UTF8.GetBytes(before), null, "flow", [DetectorSpec.ParseChoice("iid-spike:Confidence=99.5,side=positive", gated: true), DetectorChoice.Default]);

        var settings = DetectorSettingsReader.Read(document);
        settings.Rules.Count.ShouldBe(3);
        string.Join(" + ", settings.DetectorsOf("press-1", "flow")).ShouldBe("gated iid-spike:Confidence=99.5,side=positive + default");
        settings.DetectorsOf("press-1", "power").ShouldBeEmpty();
        settings.Tags.ContainsKey("line").ShouldBeTrue();
        settings.OutOfService.ShouldHaveSingleItem();
    }

    [Fact]
    public void It_is_a_document_of_its_own_where_there_was_none()
    {
        var settings = DetectorSettingsReader.Read(AppliedSettings.With("{}"u8.ToArray(), "press-*", null, [DetectorSpec.ParseChoice("ssa-spike", gated: false)]));
        settings.DetectorsOf("press-2", "x").ShouldHaveSingleItem().Name.ShouldBe("ssa-spike");
        settings.DetectorsOf("pump", "x").ShouldHaveSingleItem().Name.ShouldBe("default");
    }
}
