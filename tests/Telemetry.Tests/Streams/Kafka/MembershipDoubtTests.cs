using Telemetry.Streams;
using Telemetry.Streams.Kafka.Consumers;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class MembershipDoubtTests
{
    private readonly MembershipDoubt _doubt = new();
    private long _polls;

    [Fact]
    public void Agreement_is_never_doubted()
    {
        for (var i = 0; i < 10; i++)
        {
            Look([0, 1], [1, 0]).ShouldBeFalse();
        }
    }

    [Theory]
    [InlineData(new int[0], new[] { 2, 3 }, new[] { 2, 3 })] // The answer that gave them was lost: nobody reads them.
    [InlineData(new[] { 0, 1, 2, 3 }, new[] { 0, 1, 2, 3 }, new[] { 0, 1 })] // The answer that took them was lost: the next owner waits.
    [InlineData(new[] { 0, 1, 2, 3 }, new[] { 0, 1 }, null)]
    public void The_same_disagreement_three_times_in_a_row_is(int[] held, int[] given, int[]? target)
    {
        Look(held, given, target).ShouldBeFalse();
        Look(held, given, target).ShouldBeFalse();
        Look(held, given, target).ShouldBeTrue();
        Look(held, given, target).ShouldBeFalse("it has only just been told to join again");
    }

    [Fact]
    public void What_is_to_come_waits_for_its_present_owner()
    {
        for (var i = 0; i < 10; i++)
        {
            Look([0], [0], [0, 1]).ShouldBeFalse();
        }
    }

    [Fact]
    public void A_disagreement_that_moves_is_a_rebalance_going_on()
    {
        Look([0, 1, 2, 3], [0, 1]).ShouldBeFalse();
        Look([0, 1, 2, 3], [0, 1]).ShouldBeFalse();
        Look([0, 1, 2], [0, 1]).ShouldBeFalse();
        Look([0, 1, 2], [0]).ShouldBeFalse();
        Look([0], [0]).ShouldBeFalse();
    }

    [Fact]
    public void A_member_that_does_not_poll_cannot_have_heard()
    {
        var polls = _polls;
        for (var i = 0; i < 5; i++)
        {
            _polls = polls;
            Look([0, 1], [0]).ShouldBeFalse();
        }
    }

    [Fact]
    public void A_look_without_an_answer_begins_anew()
    {
        Look([], [0]);
        Look([], [0]);
        _doubt.Look(null, null).ShouldBeFalse();
        Look([], [0]).ShouldBeFalse();
        Look([], [0]).ShouldBeFalse();
        Look([], [0]).ShouldBeTrue();
    }

    [Fact]
    public void Another_member_id_is_another_member()
    {
        Look([], [0]);
        Look([], [0]);
        Look([], [0], id: "joined again").ShouldBeFalse();
    }

    private bool Look(int[] held, int[] given, int[]? target = null, string id = "member") => _doubt.Look(
        new MemberView(id, ++_polls, Partitions(held)),
        new CoordinatorView(Partitions(given), target is null ? null : Partitions(target)));

    private static List<TopicPartition> Partitions(int[] numbers) => [.. numbers.Select(n => new TopicPartition("t", n))];
}
