using Telemetry.Host.Configuration;

namespace Telemetry.Tests.Host;

public sealed class RatesTests
{
    [Theory]
    [InlineData("10M/h", 10_000_000)]
    [InlineData("2800/s", 2800 * 3600.0)]
    [InlineData("50k/s", 50_000 * 3600.0)]
    [InlineData("60/min", 3600)]
    [InlineData("5000", 5000)]
    public void Rate_is_read_as_people_write_it(string text, double perHour) =>
        Rates.ParsePerHour(text).ShouldBe(perHour);

    [Fact]
    public void Max_rate_has_no_figure() => Rates.ParsePerHour("max").ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("/s")]
    [InlineData("0/s")]
    [InlineData("10M/y")]
    [InlineData("fast")]
    public void Text_that_is_no_rate_is_refused(string text) =>
        Should.Throw<FormatException>(() => Rates.ParsePerHour(text));
}
