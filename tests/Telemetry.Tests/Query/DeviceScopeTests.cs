using Telemetry.Query.Access;

namespace Telemetry.Tests.Query;

public sealed class DeviceScopeTests
{
    [Theory]
    [InlineData("press-7", true)]
    [InlineData("press-", true)]
    [InlineData("Press-7", false)]
    [InlineData("xpress-7", false)]
    [InlineData("line1.cell", true)]
    [InlineData("line1xcell", false)]
    [InlineData("line1.cell2", false)]
    public void Pattern_fits_whole_names_and_a_dot_is_a_dot(string device, bool sees) =>
        DeviceScope.Of(["press-*", "line1.cell"]).Sees(device).ShouldBe(sees);

    [Fact]
    public void No_pattern_is_every_device_and_changes_no_statement()
    {
        DeviceScope.Of([]).Sees("anything").ShouldBeTrue();
        DeviceScope.All.EngineSettings().ShouldBeEmpty();
    }

    [Theory]
    [InlineData("a'b")]
    [InlineData("a\\")]
    [InlineData("a)")]
    [InlineData("a|b")]
    [InlineData("")]
    public void Pattern_with_a_character_that_means_something_to_the_engine_is_refused(string pattern) =>
        Should.Throw<ArgumentException>(() => DeviceScope.Of(["press-*", pattern]));

    [Fact]
    public void Statement_is_filtered_in_every_table()
    {
        var settings = DeviceScope.Of(["press-*", "l.1"]).EngineSettings();
        foreach (var table in DeviceScope.Tables)
        {
            settings.ShouldContain($"'{table}': 'match(device, ''^(press-.*|l[.]1)$'')'");
        }
    }
}
