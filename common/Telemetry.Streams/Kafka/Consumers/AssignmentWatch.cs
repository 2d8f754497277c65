using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// Compares a member's assignment with what its group says: from time to time, and at once when <see cref="LostAnswers"/> hears that
/// an answer was lost. A difference is confirmed by a second look. What the cluster does not answer is not known, and then nothing is done.
/// </summary>
internal sealed class AssignmentWatch : IAsyncDisposable
{
    /// <summary>
    /// A question to a coordinator must not time out: when one that did can be sent after all, because the coordinator came back,
    /// librdkafka (2.16) fails an assertion and ends the process (<c>rd_kafka_enq_once_del_source_return</c>). So it waits, as long as
    /// librdkafka lets a question wait.
    /// </summary>
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    /// <summary>
    /// Until the second look. A member learns what the group wants with its next heartbeat, after 5 s by default
    /// (group.consumer.heartbeat.interval.ms): a difference that is older is none that is on its way.
    /// </summary>
    private static readonly TimeSpan ConfirmAfter = TimeSpan.FromSeconds(6);

    private const int ConfirmationsMax = 3;

    private readonly KafkaContext _log;
    private readonly string _group;
    private readonly Func<MemberLook> _look;
    private readonly Action _differs;
    private readonly AssignmentComparison _comparison = new();
    private readonly PeriodicLook _looks;

    /// <param name="log">The cluster, and how often it is asked.</param>
    /// <param name="group">The member's group.</param>
    /// <param name="look">What the member believes; from any thread.</param>
    /// <param name="differs">Told when the member missed an answer.</param>
    public AssignmentWatch(KafkaContext log, string group, Func<MemberLook> look, Action differs)
    {
        (_log, _group, _look, _differs) = (log, group, look, differs);
        _looks = new PeriodicLook(log.Options.AssignmentCheckInterval, log.Time, LookAsync);
    }

    /// <summary>By any thread: an answer was lost. Nothing is done about it before the group has said that the member has missed something.</summary>
    public void LookNow() => _looks.LookNow();

    public ValueTask DisposeAsync() => _looks.DisposeAsync();

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        await CompareAsync(cancellationToken);
        for (var i = 0; i < ConfirmationsMax && !_comparison.IsSettled && _log.Options.AssignmentCheckInterval > ConfirmAfter; i++)
        {
            await Task.Delay(ConfirmAfter, _log.Time, cancellationToken);
            await CompareAsync(cancellationToken);
        }
    }

    private async Task CompareAsync(CancellationToken cancellationToken)
    {
        try
        {
            var look = _look();
            var told = await AskAsync(look.MemberId, cancellationToken);
            if (_comparison.Differs(look, _look().Changes == look.Changes ? told : null))
            {
                _differs();
            }
        }
        catch (Exception error) when (error is KafkaException or ObjectDisposedException)
        {
            // No answer, or the client has just been replaced by one of the classic protocol: nothing is known now.
            _comparison.Forget();
        }
    }

    /// <returns>
    /// The partitions the group says the member has and may keep; null when it does not say. With KIP-848 a partition counts as the
    /// member's until it has let go of it, so those that are not meant for it any more are left out.
    /// </returns>
    private async Task<MemberEntry?> AskAsync(string memberId, CancellationToken cancellationToken)
    {
        var answer = await _log.AdminClient
            .DescribeConsumerGroupsAsync([_group], new DescribeConsumerGroupsOptions { RequestTimeout = Longest })
            .WaitAsync(cancellationToken);
        var group = answer.ConsumerGroupDescriptions[0];
        if (group.Error.IsError)
        {
            return null;
        }

        if (group.State is ConsumerGroupState.Dead or ConsumerGroupState.Empty)
        {
            return MemberEntry.None;
        }

        // With the classic protocol members learn their assignments one after the other, until the group is stable. The states
        // that only KIP-848 has (assigning, reconciling) come as unknown: Confluent.Kafka has no names for them.
        if (_log.UsesClassicGroups && group.State != ConsumerGroupState.Stable)
        {
            return null;
        }

        if (group.Members.FirstOrDefault(m => m.ConsumerId == memberId) is not { } member)
        {
            return MemberEntry.None;
        }

        var told = Ids(member.Assignment);
        if (member.TargetAssignment is { } target)
        {
            told.IntersectWith(Ids(target));
        }

        return new MemberEntry(true, told);
    }

    private static HashSet<TopicPartition> Ids(MemberAssignment? assignment) =>
        [.. (assignment?.TopicPartitions ?? []).Select(p => new TopicPartition(p.Topic, p.Partition.Value))];
}
