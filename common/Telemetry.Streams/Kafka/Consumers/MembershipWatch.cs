using Confluent.Kafka;
using Confluent.Kafka.Admin;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>
/// Asks the coordinator in intervals what it has given to a member, and has the member join again when the two disagree for good;
/// see <see cref="MembershipDoubt"/>.
/// </summary>
internal sealed class MembershipWatch : IAsyncDisposable
{
    private readonly KafkaLog _log;
    private readonly string _group;
    private readonly Func<MemberView?> _member;
    private readonly Action _rejoin;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _watching;

    /// <param name="log">The log.</param>
    /// <param name="group">The group.</param>
    /// <param name="member">The member as it sees itself; null while it is in the middle of something.</param>
    /// <param name="rejoin">Has it leave and join at the next poll.</param>
    public MembershipWatch(KafkaLog log, string group, Func<MemberView?> member, Action rejoin)
    {
        (_log, _group, _member, _rejoin) = (log, group, member, rejoin);
        _watching = WatchAsync(_stop.Token);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _watching.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        var doubt = new MembershipDoubt();
        using var timer = new PeriodicTimer(_log.Options.MembershipCheckInterval, _log.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            // Seen before the coordinator is asked, and still so afterwards.
            if (_member() is not { } before || await AskAsync(before.MemberId, cancellationToken) is not { } coordinator
                || _member() is not { } after || after.MemberId != before.MemberId || !after.Partitions.SequenceEqual(before.Partitions))
            {
                doubt.Look(null, null);
                continue;
            }

            if (doubt.Look(after, coordinator))
            {
                _log.Logger.MemberDisagrees(
                    _group, after.Partitions.Count, coordinator.Given.Count, coordinator.Target?.Count ?? coordinator.Given.Count);
                _rejoin();
            }
        }
    }

    /// <returns>Null: no answer, or none about this member.</returns>
    private async Task<CoordinatorView?> AskAsync(string memberId, CancellationToken cancellationToken)
    {
        try
        {
            var described = await _log.Admin.Client.DescribeConsumerGroupsAsync(
                [_group], new DescribeConsumerGroupsOptions { RequestTimeout = _log.Options.RequestTimeout }).WaitAsync(cancellationToken);
            var member = described.ConsumerGroupDescriptions[0].Members.FirstOrDefault(m => m.ConsumerId == memberId);
            return member is null ? null : new CoordinatorView(Partitions(member.Assignment)!, Partitions(member.TargetAssignment));
        }
        catch (KafkaException)
        {
            // Brokers that are away are somebody else's message.
            return null;
        }
    }

    private static List<TopicPartition>? Partitions(MemberAssignment? assignment) =>
        assignment?.TopicPartitions.ConvertAll(p => new TopicPartition(p.Topic, p.Partition.Value));
}
