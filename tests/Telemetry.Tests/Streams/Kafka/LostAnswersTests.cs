using Confluent.Kafka;
using Telemetry.Streams.Kafka.Consumers;
using Telemetry.Tests.Mqtt;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class LostAnswersTests
{
    private readonly ManualClock _clock = new();
    private readonly LostAnswers _answers;

    public LostAnswersTests() => _answers = new LostAnswers(_clock);

    [Theory]
    [InlineData("REQTMOUT", "[thrd:GroupCoordinator]: GroupCoordinator/1: Timed out ConsumerGroupHeartbeatRequest in flight (after 1003ms, timeout #0)", true)]
    [InlineData("REQTMOUT", "[thrd:127.0.0.1:9092/1]: 127.0.0.1:9092/1: Timed out FetchRequest in flight (after 1003ms, timeout #0)", false)]
    [InlineData("FAIL", "[thrd:GroupCoordinator]: GroupCoordinator: Disconnected (after 3ms in state UP)", false)]
    public void Only_the_answer_to_a_heartbeat_matters(string facility, string text, bool matters) =>
        LostAnswers.IsLostHeartbeat(new LogMessage("client", SyslogLevel.Notice, facility, text)).ShouldBe(matters);

    [Fact]
    public void Heartbeats_that_time_out_one_after_the_other_cost_one_rebalance_at_a_time()
    {
        for (var i = 0; i < 10; i++)
        {
            Lose();
            _answers.Confirm();
        }

        _answers.TryTake(out var cause).ShouldBeTrue();
        cause.ShouldBe(RejoinCause.HeartbeatTimeout);
        _answers.TryTake(out _).ShouldBeFalse();

        _answers.Confirm();
        _answers.TryTake(out _).ShouldBeFalse();
        _clock.Advance(TimeSpan.FromSeconds(6));
        _answers.TryTake(out _).ShouldBeTrue();
    }

    [Fact]
    public void Lost_answer_alone_makes_nobody_leave_the_group()
    {
        Lose().ShouldBeTrue();
        _answers.TryTake(out _).ShouldBeFalse();

        _answers.Confirm();
        _answers.TryTake(out var cause).ShouldBeTrue();
        cause.ShouldBe(RejoinCause.HeartbeatTimeout);

        _clock.Advance(TimeSpan.FromSeconds(6));
        _answers.Confirm();
        _answers.TryTake(out cause).ShouldBeTrue();
        cause.ShouldBe(RejoinCause.AssignmentDiffers, "nothing was heard of a lost answer this time");
    }

    private bool Lose() => _answers.Hear(new LogMessage(
        "client", SyslogLevel.Notice, "REQTMOUT", "[thrd:GroupCoordinator]: GroupCoordinator/1: Timed out ConsumerGroupHeartbeatRequest in flight (after 1003ms, timeout #0)"));
}
