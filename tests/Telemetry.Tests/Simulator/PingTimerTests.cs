using Telemetry.Simulator.Devices;

namespace Telemetry.Tests.Simulator;

public sealed class PingTimerTests
{
    private const long Second = 1_000_000;

    private readonly PingTimer _timer = new(TimeSpan.FromSeconds(60));

    [Fact]
    public void Pings_after_three_quarters_of_the_interval_in_silence()
    {
        _timer.Look(0).ShouldBe(PingTimer.Due.Nothing);
        _timer.Look(44 * Second).ShouldBe(PingTimer.Due.Nothing);
        _timer.Sent();
        _timer.Look(45 * Second).ShouldBe(PingTimer.Due.Nothing);
        _timer.Look(89 * Second).ShouldBe(PingTimer.Due.Nothing);
        _timer.Look(90 * Second).ShouldBe(PingTimer.Due.Ping);
    }

    [Fact]
    public void A_ping_without_an_answer_for_an_interval_is_the_end()
    {
        _timer.Look(0);
        _timer.Look(45 * Second).ShouldBe(PingTimer.Due.Ping);
        _timer.Sent();
        _timer.Look(104 * Second).ShouldBe(PingTimer.Due.Nothing);
        _timer.Look(105 * Second).ShouldBe(PingTimer.Due.End);
    }

    [Fact]
    public void Whatever_comes_answers_a_ping()
    {
        _timer.Look(0);
        _timer.Look(45 * Second).ShouldBe(PingTimer.Due.Ping);
        _timer.Sent();
        _timer.Received();
        _timer.Look(46 * Second).ShouldBe(PingTimer.Due.Nothing);
        _timer.Look(91 * Second).ShouldBe(PingTimer.Due.Ping);
    }

    [Fact]
    public void Without_an_interval_nothing_is_ever_due()
    {
        var off = new PingTimer(TimeSpan.Zero);
        off.Look(0).ShouldBe(PingTimer.Due.Nothing);
        off.Look(long.MaxValue).ShouldBe(PingTimer.Due.Nothing);
    }
}
