namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>A member at rest, as it sees itself.</summary>
/// <param name="MemberId">Its id in the group.</param>
/// <param name="Polls">How often the client has been polled; what the coordinator said is delivered by polls.</param>
/// <param name="Partitions">What it holds.</param>
internal sealed record MemberView(string MemberId, long Polls, IReadOnlyCollection<TopicPartition> Partitions);

/// <summary>A member as its coordinator sees it.</summary>
/// <param name="Given">What the member has.</param>
/// <param name="Target">What it should have; null where the broker does not say.</param>
internal sealed record CoordinatorView(IReadOnlyCollection<TopicPartition> Given, IReadOnlyCollection<TopicPartition>? Target);

/// <summary>
/// Compares what a member holds with what the coordinator believes. A coordinator names an assignment once, in one answer to a
/// heartbeat (KIP-848). When that answer is lost and the member does not ask anew with all it has, both wait for good: for partitions
/// the member never heard of, or for those it never heard it has to let go. librdkafka 2.15 asks anew when a coordinator says that it is
/// none any more, and not when an answer timed out.
/// </summary>
internal sealed class MembershipDoubt
{
    /// <summary>So many looks in a row with the same disagreement; more than heartbeats need to settle it.</summary>
    public const int Looks = 3;

    private MemberView? _member;
    private CoordinatorView? _coordinator;
    private int _looks;

    /// <summary>Takes one look.</summary>
    /// <param name="member">The member; null while it is not at rest.</param>
    /// <param name="coordinator">The other view; null when the coordinator does not know the member or did not answer.</param>
    /// <returns>True: they will not agree by themselves; the member has to join again.</returns>
    public bool Look(MemberView? member, CoordinatorView? coordinator)
    {
        if (member is null || coordinator is null || Agree(member, coordinator))
        {
            _looks = 0;
            return false;
        }

        var same = _looks > 0 && _member!.MemberId == member.MemberId && _member.Polls < member.Polls
            && Same(_member.Partitions, member.Partitions) && Same(_coordinator!.Given, coordinator.Given)
            && Same(_coordinator.Target, coordinator.Target);
        (_member, _coordinator, _looks) = (member, coordinator, same ? _looks + 1 : 1);
        if (_looks < Looks)
        {
            return false;
        }

        _looks = 0;
        return true;
    }

    /// <summary>What is to come may wait for its present owner; what is to go waits for nobody.</summary>
    private static bool Agree(MemberView member, CoordinatorView coordinator) =>
        Same(member.Partitions, coordinator.Given)
        && (coordinator.Target is null || member.Partitions.All(coordinator.Target.Contains));

    private static bool Same(IReadOnlyCollection<TopicPartition>? one, IReadOnlyCollection<TopicPartition>? other) =>
        one is null || other is null ? one is null && other is null : one.Count == other.Count && one.All(other.Contains);
}
