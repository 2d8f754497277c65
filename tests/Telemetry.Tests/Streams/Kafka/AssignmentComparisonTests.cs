using Telemetry.Streams;
using Telemetry.Streams.Kafka.Consumers;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class AssignmentComparisonTests
{
    private static readonly TopicPartition A = new("t", 0);
    private static readonly TopicPartition B = new("t", 1);

    private readonly AssignmentComparison _comparison = new();
    private long _polls;

    [Fact]
    public void Difference_that_stays_while_the_member_is_polled_is_a_lost_answer()
    {
        _comparison.Differs(Look([A]), Set(A, B)).ShouldBeFalse();
        _comparison.Differs(Look([A]), Set(A, B)).ShouldBeTrue();
    }

    [Fact]
    public void Partition_that_was_taken_away_without_a_word_is_found_too()
    {
        _comparison.Differs(Look([A, B]), Set(A)).ShouldBeFalse();
        _comparison.Differs(Look([A, B]), Set(A)).ShouldBeTrue();
    }

    /// <summary>Without a partition it believes what the group says of it, and would wait for ever.</summary>
    [Fact]
    public void Member_the_group_does_not_know_is_found_although_it_has_no_partition()
    {
        _comparison.Differs(Look([]), MemberEntry.None).ShouldBeFalse();
        _comparison.Differs(Look([]), MemberEntry.None).ShouldBeTrue();
        _comparison.Differs(Look([]), Set()).ShouldBeFalse();
    }

    [Fact]
    public void Only_agreement_settles_it()
    {
        _comparison.Differs(Look([A]), Set(A));
        _comparison.IsSettled.ShouldBeTrue();
        _comparison.Differs(Look([A]), null);
        _comparison.IsSettled.ShouldBeFalse();
        _comparison.Differs(Look([A]), Set(A, B));
        _comparison.IsSettled.ShouldBeFalse();
        _comparison.Differs(Look([]), MemberEntry.None);
        _comparison.IsSettled.ShouldBeFalse();
    }

    [Fact]
    public void Agreement_is_never_suspect()
    {
        for (var i = 0; i < 5; i++)
        {
            _comparison.Differs(Look([A, B]), Set(B, A)).ShouldBeFalse();
        }
    }

    /// <summary>Each of these makes a look say nothing, and the next difference the first again.</summary>
    [Theory]
    [InlineData("unknown")]
    [InlineData("changing")]
    [InlineData("equal")]
    public void What_is_not_known_is_not_concluded_from(string between)
    {
        _comparison.Differs(Look([A]), Set(A, B)).ShouldBeFalse();
        var told = between switch { "unknown" => null, "equal" => Set(A), _ => Set(A, B) };
        _comparison.Differs(Look([A]) with { IsChanging = between == "changing" }, told).ShouldBeFalse();
        _comparison.Differs(Look([A]), Set(A, B)).ShouldBeFalse();
    }

    [Fact]
    public void Member_that_is_not_polled_learns_nothing_and_is_left_alone()
    {
        var look = Look([A]);
        _comparison.Differs(look, Set(A, B)).ShouldBeFalse();
        _comparison.Differs(look, Set(A, B)).ShouldBeFalse();
    }

    [Fact]
    public void Assignment_on_the_move_is_left_alone()
    {
        _comparison.Differs(Look([A]), Set(A, B)).ShouldBeFalse();
        _comparison.Differs(Look([A]) with { Changes = 8 }, Set(A, B)).ShouldBeFalse();
        _comparison.Differs(Look([A]) with { Changes = 8 }, Set(B)).ShouldBeFalse();
        _comparison.Differs(Look([A]) with { Changes = 8, MemberId = "another" }, Set(B)).ShouldBeFalse();
    }

    private MemberLook Look(TopicPartition[] partitions) => new("member", partitions.ToHashSet(), Changes: 7, ++_polls, IsChanging: false);

    private static MemberEntry Set(params TopicPartition[] partitions) => new(true, partitions.ToHashSet());
}
