using Telemetry.Contracts.Text;

namespace Telemetry.Tests.Contracts;

public sealed class DurationTextTests
{
    [Theory]
    [InlineData("250ms", 0.25)]
    [InlineData("30us", 0.00003)]
    [InlineData("0s", 0)]
    [InlineData("0", 0)]
    [InlineData("5s", 5)]
    [InlineData("5S", 5)]
    [InlineData("1.5m", 90)]
    [InlineData("24h", 86_400)]
    [InlineData("730d", 63_072_000)]
    [InlineData("2w", 1_209_600)]
    [InlineData("00:00:05", 5)]
    [InlineData("1.00:00:00", 86_400)]
    [InlineData("PT15M", 900)]
    [InlineData("P1D", 86_400)]
    [InlineData("P1DT1H", 90_000)]
    [InlineData("PT0.5S", 0.5)]
    public void Duration_is_read_in_each_of_its_forms(string text, double seconds)
    {
        DurationText.TryParse(text, out var duration).ShouldBeTrue();
        duration.TotalSeconds.ShouldBe(seconds);
        DurationText.Parse(text).ShouldBe(duration);
    }

    [Theory]
    [InlineData("")]
    [InlineData("5")]
    [InlineData("-5s")]
    [InlineData("5 m")]
    [InlineData("NaNs")]
    [InlineData("1e300h")]
    [InlineData("1.s")]
    [InlineData("soon")]
    [InlineData("-00:00:05")]
    [InlineData("P")]
    [InlineData("PT")]
    [InlineData("P1DT")]
    [InlineData("P1M")]
    [InlineData("P1Y")]
    [InlineData("999999999999999d")]
    [InlineData("P999999999D")]
    public void Text_that_is_no_duration_or_beyond_a_century_is_refused(string text)
    {
        DurationText.TryParse(text, out _).ShouldBeFalse();
        Should.Throw<FormatException>(() => DurationText.Parse(text)).Message.ShouldBe($"\"{text}\" is not a duration.");
    }
}
