namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>What a member believes at one moment.</summary>
/// <param name="MemberId">Its id in the group.</param>
/// <param name="Partitions">The partitions it has.</param>
/// <param name="Changes">Changes of its assignment so far.</param>
/// <param name="Polls">Polls served so far: a member that is not polled learns nothing.</param>
/// <param name="IsChanging">True: partitions are being taken over or let go just now.</param>
internal sealed record MemberLook(string MemberId, IReadOnlySet<TopicPartition> Partitions, long Changes, long Polls, bool IsChanging);

/// <summary>What a group says of a member at one moment.</summary>
/// <param name="IsMember">False: the group does not know it.</param>
/// <param name="Partitions">The partitions it has and may keep.</param>
internal sealed record MemberEntry(bool IsMember, IReadOnlySet<TopicPartition> Partitions)
{
    /// <summary>What is said of one that is not in the group.</summary>
    public static MemberEntry None { get; } = new(false, new HashSet<TopicPartition>());

    public bool Equals(MemberEntry? other) => other is not null && IsMember == other.IsMember && Partitions.SetEquals(other.Partitions);

    public override int GetHashCode() => HashCode.Combine(IsMember, Partitions.Count);
}

/// <summary>
/// Decides from what a member believes and what its group says, time after time, whether the member missed an answer. A difference
/// is normal for as long as an answer is on its way or partitions change hands; one that stays the same from one look to the next,
/// while the member was polled and its assignment did not change, is not.
/// </summary>
internal sealed class AssignmentComparison
{
    private (MemberLook Look, MemberEntry Told)? _before;

    /// <summary>True: at the last look member and group said the same. False: they differed, or it was not known.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Nothing is known at the moment.</summary>
    public void Forget() => (_before, IsSettled) = (null, false);

    /// <param name="look">What the member believes.</param>
    /// <param name="told">What the group says of it; null: not known, and then nothing is concluded.</param>
    /// <returns>True: the member missed an answer, or is in no group at all.</returns>
    public bool Differs(MemberLook look, MemberEntry? told)
    {
        IsSettled = told is { IsMember: true } && !look.IsChanging && told.Partitions.SetEquals(look.Partitions);
        if (told is null || look.IsChanging || IsSettled)
        {
            _before = null;
            return false;
        }

        var stays = _before is { } before
            && before.Look.MemberId == look.MemberId
            && before.Look.Changes == look.Changes
            && before.Look.Polls < look.Polls
            && before.Told == told;
        _before = (look, told);
        return stays;
    }
}
