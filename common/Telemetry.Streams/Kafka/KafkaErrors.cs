using Confluent.Kafka;

namespace Telemetry.Streams.Kafka;

/// <summary>Kafka's error codes in the log's terms.</summary>
internal static class KafkaErrors
{
    public static RecordLogException ToException(this Error error, string what, Exception? inner = null) =>
        new(error.Code.ToLogError(), $"{what}: {error.Reason} ({error.Code}).", inner);

    public static RecordLogException ToException(this KafkaException error, string what) => error.Error.ToException(what, error);

    public static RecordLogError ToLogError(this ErrorCode code) => code switch
    {
        ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch or ErrorCode.Local_Fenced or ErrorCode.FencedInstanceId
            or ErrorCode.TransactionCoordinatorFenced or ErrorCode.FencedMemberEpoch
            or ErrorCode.TransactionalIdAuthorizationFailed => RecordLogError.Fenced,
        ErrorCode.UnknownMemberId or ErrorCode.IllegalGeneration => RecordLogError.NotAssigned,
        ErrorCode.MsgSizeTooLarge or ErrorCode.InvalidMsgSize or ErrorCode.RecordListTooLarge => RecordLogError.RecordTooLarge,
        ErrorCode.UnknownTopicOrPart or ErrorCode.UnknownTopicId or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition
            => RecordLogError.UnknownTopic,
        ErrorCode.OffsetOutOfRange => RecordLogError.OffsetOutOfRange,
        ErrorCode.Local_TimedOut or ErrorCode.RequestTimedOut or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOutQueue
            => RecordLogError.TimedOut,
        ErrorCode.Local_Fatal => RecordLogError.WriteFailed,
        ErrorCode.Local_Destroy => RecordLogError.Closed,
        _ => code.IsTransient() ? RecordLogError.Unavailable : RecordLogError.Unknown,
    };

    public static bool IsTransient(this ErrorCode code) => code is
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve or ErrorCode.Local_WaitCoord
        or ErrorCode.Local_Retry or ErrorCode.Local_InProgress or ErrorCode.Local_NodeUpdate or ErrorCode.Local_Ssl
        or ErrorCode.Local_Authentication or ErrorCode.Local_QueueFull or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue
        or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_State or ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight
        or ErrorCode.Local_NoOffset or ErrorCode.Local_Intr
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.RequestTimedOut
        or ErrorCode.BrokerNotAvailable or ErrorCode.ReplicaNotAvailable or ErrorCode.NetworkException
        or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup
        or ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.RebalanceInProgress
        or ErrorCode.NotController or ErrorCode.KafkaStorageError or ErrorCode.ConcurrentTransactions
        or ErrorCode.UnstableOffsetCommit or ErrorCode.OffsetNotAvailable or ErrorCode.FencedLeaderEpoch
        or ErrorCode.UnknownLeaderEpoch or ErrorCode.StaleMemberEpoch or ErrorCode.ThrottlingQuotaExceeded;
}
