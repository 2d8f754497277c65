using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Consumers;

/// <summary>How it was found out that a member missed what its group told it; also the metric label.</summary>
internal enum RejoinCause
{
    /// <summary>The answer to a heartbeat did not come in time.</summary>
    HeartbeatTimeout,

    /// <summary>The member has other partitions than the group says: <see cref="AssignmentWatch"/>.</summary>
    AssignmentDiffers,
}

/// <summary>
/// Notices that a member may not know its assignment. With KIP-848 a coordinator names a new assignment in one answer to a
/// heartbeat. librdkafka (up to 2.16) does not ask again when that answer is lost: a partition given by it stays without a reader,
/// one taken away by it stays blocked for others. Leaving the group and joining again asks for everything anew, for the price
/// of one rebalance. librdkafka tells of lost answers only in its log, so this reads the log; a test pins the text, and
/// <see cref="AssignmentWatch"/> finds what the log does not tell.
/// </summary>
internal sealed class LostAnswers(TimeProvider time)
{
    /// <summary>Time between two rejoins: a coordinator that is away makes one heartbeat after the other time out.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private const string Facility = "REQTMOUT";
    private const string Request = "ConsumerGroupHeartbeatRequest in flight";
    private const int None = -1;

    private int _cause = None;
    private long? _rejoinedAt;

    /// <summary>By any thread: a line of the client's log.</summary>
    public void Hear(LogMessage message)
    {
        if (IsLostHeartbeat(message))
        {
            Suspect(RejoinCause.HeartbeatTimeout);
        }
    }

    /// <summary>True: the line says that no answer to a heartbeat came in time.</summary>
    public static bool IsLostHeartbeat(LogMessage message) =>
        message.Facility == Facility && message.Message.Contains(Request, StringComparison.Ordinal);

    /// <summary>By any thread: the member may not know its assignment.</summary>
    public void Suspect(RejoinCause cause) => Interlocked.CompareExchange(ref _cause, (int)cause, None);

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
