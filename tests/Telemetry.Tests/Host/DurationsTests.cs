using Telemetry.Host.Configuration;

namespace Telemetry.Tests.Host;

public sealed class DurationsTests
{
    [Theory]
    [InlineData("250ms", 0.25)]
    [InlineData("5s", 5)]
    [InlineData("1.5m", 90)]
    [InlineData("24h", 86400)]
    [InlineData("730d", 63072000)]
    [InlineData("00:00:05", 5)]
    public void Duration_is_read_as_people_write_it(string text, double seconds) =>
        Durations.Parse(text).TotalSeconds.ShouldBe(seconds);

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("NaNs")]
    [InlineData("1e300h")]
    [InlineData("soon")]
    public void Text_that_is_no_duration_is_refused(string text) =>
        Should.Throw<FormatException>(() => Durations.Parse(text));

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
