using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

public sealed class RepeatLimitTests
{
    [Fact]
    public void Equal_messages_are_said_once_an_interval_with_the_count_of_those_left_out()
    {
        var time = new SteppedTime();
        var limit = new RepeatLimit(time, TimeSpan.FromSeconds(5));
        limit.Take("a", out var suppressed).ShouldBeTrue();
        for (var i = 0; i < 40; i++)
        {
            time.Now += TimeSpan.FromMilliseconds(100);
            limit.Take("a", out _).ShouldBeFalse();
        }

        limit.Take("b", out _).ShouldBeTrue();
        time.Now += TimeSpan.FromSeconds(1);
        limit.Take("a", out suppressed).ShouldBeTrue();
        suppressed.ShouldBe(40);
        time.Now += TimeSpan.FromSeconds(6);
        limit.Take("a", out suppressed).ShouldBeTrue();
        suppressed.ShouldBe(0);
    }

    [Fact]
    public void However_many_messages_there_are_a_new_one_is_said()
    {
        var limit = new RepeatLimit(new SteppedTime(), TimeSpan.FromSeconds(5));
        for (var i = 0; i < 10_000; i++)
        {
            limit.Take($"message {i}", out _).ShouldBeTrue();
        }
    }

    private sealed class SteppedTime : TimeProvider
    {
        public TimeSpan Now { get; set; }

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.Ticks;
    }
}
