using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Incidents;

namespace Telemetry.Tests.Processing;

public class IncidentTextTests
{
    private const long At1042 = ((20_000L * 86_400) + (10 * 3600) + (42 * 60) + 7) * 1_000_000;

    [Fact]
    public void Spike_says_what_is_usual_how_far_beyond_and_for_how_long() => Of(
        "vibration", "mm/s", AnomalyKind.Spike, lasting: 12_000_000,
        new() { PeakValue = 1.2345, UsualLow = 0.55, UsualHigh = 0.8104, Spreads = 6.12 })
        .ShouldBe("vibration 1.234 mm/s, usually 0.55 to 0.8104; 6.1 spreads above, for 12 s");

    [Fact]
    public void Level_shift_says_from_what_to_what_and_when() => Of(
        "temperature", "degC", AnomalyKind.LevelShift, 0, new() { FromLevel = 21.4, ToLevel = 23.1 })
        .ShouldBe("temperature level moved from 21.4 to 23.1 degC at 10:42:07 UTC");

    [Fact]
    public void Drift_says_how_fast() => Of(
        "bearing", "", AnomalyKind.Drift, 0, new() { FromLevel = 40, ToLevel = 44.25, RatePerSecond = 0.001 })
        .ShouldBe("bearing drifts from 40 to 44.25 since 10:42:07 UTC, 3.6 an hour");

    [Theory]
    [InlineData(2.218, "up to 2.218")]
    [InlineData(-1.154, "down to -1.154")]
    public void Noise_says_on_which_side_it_reached_furthest(double peak, string reached) => Of(
        "vibration", "mm/s", AnomalyKind.NoiseBurst, lasting: 240_000_000, new() { FromLevel = 0.7, PeakValue = peak, UsualLow = 0.55, UsualHigh = 0.89 })
        .ShouldBe($"vibration scatters far more than usual since 10:42:07 UTC, for 4 min: {reached} mm/s, usually 0.55 to 0.89");

    [Fact]
    public void Frozen_sensor_says_how_often_it_repeats() => Of(
        "pressure", "bar", AnomalyKind.StuckAt, 0, new() { PeakValue = 1.16, RunLength = 36, UsualRunLength = 3 })
        .ShouldBe("pressure frozen at 1.16 bar for 36 readings (usually repeats at most 3)");

    [Fact]
    public void Limit_says_which() => Of(
        "temperature", "degC", AnomalyKind.Limit, 90_000_000, new() { PeakValue = 91.2, Limit = LimitLevel.HiHi, LimitValue = 90 })
        .ShouldBe("temperature 91.2 degC, at or above the HiHi limit of 90, for 90 s");

    [Fact]
    public void Counter_says_how_it_grows() => Of(
        "parts", "", AnomalyKind.UnusualLevel, 0, new() { PeakValue = 12, UsualLow = 3, UsualHigh = 4, OfRate = true })
        .ShouldBe("parts grows 12 a second, usually 3 to 4: a level it is not known at");

    [Fact]
    public void Martingales_are_not_in_the_sentence_and_are_in_the_detail()
    {
        var part = Part("x", AnomalyKind.ChangePoint, 0, new() { PeakValue = 5, UsualLow = double.NaN, UsualHigh = double.NaN, Score = 3 }, 1234);
        IncidentText.Of(part, "x", "").ShouldBe("x behaves differently from before since 10:42:07 UTC, 5 at the most unusual");
        IncidentText.Detail(part).ShouldContain("martingale 1234");
    }

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.00001234567, "1.235E-05")]
    [InlineData(0.0123456, "0.01235")]
    [InlineData(-1234.56, "-1235")]
    [InlineData(123456789, "1.235E+08")]
    [InlineData(double.PositiveInfinity, "Infinity")]
    public void Numbers_have_four_digits(double value, string text) => IncidentText.Number(value).ShouldBe(text);

    private static string Of(string sensor, string unit, AnomalyKind kind, long lasting, Finding finding) =>
        IncidentText.Of(Part(sensor, kind, lasting, finding), sensor, unit);

    private static IncidentPart Part(string sensor, AnomalyKind kind, long lasting, Finding finding, double martingale = double.NaN)
    {
        if (finding is { UsualLow: 0, UsualHigh: 0 })
        {
            finding = finding with { UsualLow = double.NaN, UsualHigh = double.NaN };
        }

        var part = new IncidentPart { Sensor = System.Text.Encoding.ASCII.GetBytes(sensor) };
        part.Take("typed", kind, finding with { StartMicros = At1042, PeakMicros = At1042, EndMicros = At1042 + lasting }, martingale);
        return part;
    }
}
