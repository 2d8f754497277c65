using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>How it was found out that a member missed what its group told it; also the metric label.</summary>
internal enum RejoinCause
{
    /// <summary>The answer to a heartbeat did not come in time, and then the group said that the member had missed something.</summary>
    HeartbeatTimeout,

    /// <summary>The member has other partitions than the group says: <see cref="AssignmentWatch"/>.</summary>
    AssignmentDiffers,
}

/// <summary>
/// Notices that a member may not know its assignment. With KIP-848 a coordinator names a new assignment in one answer to a
/// heartbeat. librdkafka (up to 2.16) does not ask again when that answer is lost: a partition given by it stays without a reader,
/// one taken away by it stays blocked for others. Leaving the group and joining again asks for everything anew, for the price
/// of one rebalance. librdkafka tells of lost answers only in its log, so this reads the log; a test pins the text. A lost answer alone is
/// no reason to leave: while a broker is dead or busy many are lost that said nothing new, and members that leave one after the other keep
/// the group from reading at all. So the group is asked first (<see cref="AssignmentWatch"/>), which also finds what the log does not tell.
/// </summary>
internal sealed class LostAnswers(TimeProvider time)
{
    /// <summary>Time between two rejoins.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private const string Facility = "REQTMOUT";
    private const string Request = "ConsumerGroupHeartbeatRequest in flight";
    private const int None = -1;

    private volatile bool _heard;
    private int _cause = None;
    private long? _rejoinedAt;

    /// <summary>By any thread: a line of the client's log.</summary>
    /// <returns>True: an answer was lost, and the group should be asked.</returns>
    public bool Hear(LogMessage message)
    {
        var isLost = IsLostHeartbeat(message);
        _heard |= isLost;
        return isLost;
    }

    /// <summary>True: the line says that no answer to a heartbeat came in time.</summary>
    public static bool IsLostHeartbeat(LogMessage message) =>
        message.Facility == Facility && message.Message.Contains(Request, StringComparison.Ordinal);

    /// <summary>By any thread: the group says that the member does not know its assignment.</summary>
    public void Confirm()
    {
        var cause = _heard ? RejoinCause.HeartbeatTimeout : RejoinCause.AssignmentDiffers;
        _heard = false;
        Interlocked.CompareExchange(ref _cause, (int)cause, None);
    }

    /// <summary>By the polling thread: whether to leave the group and join again now.</summary>
    /// <param name="cause">How it was found out.</param>
    public bool TryTake(out RejoinCause cause)
    {
        cause = default;
        if (Volatile.Read(ref _cause) == None || (_rejoinedAt is { } at && time.GetElapsedTime(at) < Pause))
        {
            return false;
        }

        cause = (RejoinCause)Interlocked.Exchange(ref _cause, None);
        _rejoinedAt = time.GetTimestamp();
        return true;
    }
}
