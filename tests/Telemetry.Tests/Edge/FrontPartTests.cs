using Telemetry.Edge.Connections;
using Telemetry.Edge.Diagnostics;
using Telemetry.Edge.Topics;
using Telemetry.Tests.Mqtt;

namespace Telemetry.Tests.Edge;

public sealed class FrontPartTests
{
    [Fact]
    public void Client_id_is_contested_from_the_fourth_take_over_within_a_minute_on()
    {
        var clock = new ManualClock();
        var watch = new TakeOverWatch(clock);
        // One a minute is a client that comes back.
        for (var i = 0; i < 10; i++)
        {
            watch.IsContested("back", out _).ShouldBeFalse();
            clock.Advance(TimeSpan.FromSeconds(61));
        }

        Enumerable.Range(0, 6).Select(_ => watch.IsContested("twin", out var count) ? count : 0).ShouldBe([0, 0, 0, 4, 5, 6]);
        watch.Now(10).ShouldBe([("twin", 6)]);
        clock.Advance(TimeSpan.FromSeconds(59));
        watch.IsContested("twin", out _).ShouldBeTrue("a contest that goes on slower");
        clock.Advance(TimeSpan.FromSeconds(61));
        watch.Now(10).ShouldBeEmpty();
        watch.IsContested("twin", out _).ShouldBeFalse();
    }

    [Fact]
    public void Watch_of_take_overs_is_bounded()
    {
        var watch = new TakeOverWatch(new ManualClock());
        for (var i = 0; i < 5_000; i++)
        {
            watch.IsContested($"{i}", out _).ShouldBeFalse();
        }

        var contested = false;
        for (var i = 0; i < TakeOverWatch.Contested; i++)
        {
            contested = watch.IsContested("twin", out _);
        }

        contested.ShouldBeTrue();
    }

    [Fact]
    public void Load_average_comes_near_a_steady_rate_the_sooner_the_shorter_its_window()
    {
        var load = new LoadAverage();
        for (var second = 10; second <= 600; second += 10)
        {
            load.Add(second * 2, TimeSpan.FromSeconds(10));
        }

        load[0].ShouldBe(120, 0.01);
        load[1].ShouldBe(120 * (1 - Math.Exp(-2)), 0.01);
        load[2].ShouldBe(120 * (1 - Math.Exp(-10d / 15)), 0.01);
    }

    [Fact]
    public void Log_throttle_passes_one_line_in_ten_seconds_and_counts_the_others()
    {
        var clock = new ManualClock();
        var throttle = new LogThrottle(clock);
        throttle.TryPass(out var heldBack).ShouldBeTrue();
        for (var i = 0; i < 9; i++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            throttle.TryPass(out _).ShouldBeFalse();
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        throttle.TryPass(out heldBack).ShouldBeTrue();
        heldBack.ShouldBe(9);
        clock.Advance(TimeSpan.FromSeconds(10));
        throttle.TryPass(out heldBack).ShouldBeTrue();
        heldBack.ShouldBe(0);
    }

    [Theory]
    [InlineData("a/$SYS", true)]
    [InlineData("$SYS/broker/connection/plant/state", true)]
    [InlineData("$SYS/broker/connection//state", false)]
    [InlineData("$SYS/broker/connection/state", false)]
    [InlineData("$SYS/broker/connection/a/b/state", false)]
    [InlineData("$SYS/broker/version", false)]
    [InlineData("$", false)]
    public void Topics_of_the_broker_are_not_a_clients(string topic, bool allowed) =>
        ReservedTopics.MayPublish(System.Text.Encoding.UTF8.GetBytes(topic)).ShouldBe(allowed);
}
