namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>What a member believes at one moment.</summary>
/// <param name="MemberId">Its id in the group.</param>
/// <param name="Partitions">The partitions it has.</param>
/// <param name="Changes">Changes of its assignment so far.</param>
/// <param name="Polls">Polls served so far: a member that is not polled learns nothing.</param>
/// <param name="IsChanging">True: partitions are being taken over or let go just now.</param>
internal sealed record MemberLook(string MemberId, IReadOnlySet<TopicPartition> Partitions, long Changes, long Polls, bool IsChanging);

/// <summary>
/// Decides from what a member believes and what its group says, time after time, whether the member missed an answer. A difference
/// is normal for as long as an answer is on its way or partitions change hands; one that stays the same from one look to the next,
/// while the member was polled and its assignment did not change, is not.
/// </summary>
internal sealed class AssignmentComparison
{
    private (MemberLook Look, IReadOnlySet<TopicPartition> Told)? _before;

    /// <summary>Nothing is known at the moment.</summary>
    public void Forget() => _before = null;

    /// <param name="look">What the member believes.</param>
    /// <param name="told">What the group says the member has; null: not known, and then nothing is concluded.</param>
    /// <returns>True: the member missed an answer.</returns>
    public bool Differs(MemberLook look, IReadOnlySet<TopicPartition>? told)
    {
        if (told is null || look.IsChanging || told.SetEquals(look.Partitions))
        {
            _before = null;
            return false;
        }

        var stays = _before is { } before
            && before.Look.MemberId == look.MemberId
            && before.Look.Changes == look.Changes
            && before.Look.Polls < look.Polls
            && before.Told.SetEquals(told);
        _before = (look, told);
        return stays;
    }
}
