using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Clients;

/// <summary>Kafka's error codes in the log's terms.</summary>
internal static class KafkaErrors
{
    public static RecordLogException ToException(this Error error, string what, Exception? inner = null) =>
        new(error.Code.ToLogError(), $"{what}: {error.Reason} ({error.Code}).{error.Code.Advice()}", inner);

    public static RecordLogException ToException(this KafkaException error, string what) => error.Error.ToException(what, error);

    public static RecordLogError ToLogError(this ErrorCode code) => code switch
    {
        // Another producer has our transactional id.
        ErrorCode.ProducerFenced or ErrorCode.InvalidProducerEpoch or ErrorCode.Local_Fenced or ErrorCode.FencedInstanceId
            => RecordLogError.Fenced,

        // The group has given our partitions to others; the client joins again by itself.
        ErrorCode.UnknownMemberId or ErrorCode.IllegalGeneration or ErrorCode.FencedMemberEpoch or ErrorCode.Local_AssignmentLost
            => RecordLogError.NotAssigned,
        ErrorCode.MsgSizeTooLarge or ErrorCode.InvalidMsgSize or ErrorCode.RecordListTooLarge => RecordLogError.RecordTooLarge,
        ErrorCode.UnknownTopicOrPart or ErrorCode.UnknownTopicId or ErrorCode.Local_UnknownTopic or ErrorCode.Local_UnknownPartition
            => RecordLogError.UnknownTopic,
        ErrorCode.OffsetOutOfRange => RecordLogError.OffsetOutOfRange,
        ErrorCode.Local_TimedOut or ErrorCode.RequestTimedOut or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_TimedOutQueue
            => RecordLogError.TimedOut,
        ErrorCode.Local_Fatal => RecordLogError.WriteFailed,
        ErrorCode.Local_Destroy => RecordLogError.Closed,
        _ when code.IsRefusal() => RecordLogError.AccessDenied,
        _ when code.IsMisconfiguration() => RecordLogError.Misconfigured,
        _ => code.IsTransient() ? RecordLogError.Unavailable : RecordLogError.Unknown,
    };

    /// <summary>
    /// The cluster knows us and does not allow it, or does not know us. Local_Authentication and Local_Ssl are not among them: a
    /// connection that ends during its handshake looks the same. The probe of the connection tells these apart at the start.
    /// </summary>
    public static bool IsRefusal(this ErrorCode code) => code is
        ErrorCode.TopicAuthorizationFailed or ErrorCode.GroupAuthorizationFailed or ErrorCode.ClusterAuthorizationFailed
        or ErrorCode.TransactionalIdAuthorizationFailed or ErrorCode.DelegationTokenAuthorizationFailed
        or ErrorCode.SaslAuthenticationFailed or ErrorCode.SecurityDisabled;

    /// <summary>The cluster understood and says that what our settings ask for cannot be.</summary>
    public static bool IsMisconfiguration(this ErrorCode code) => code is
        ErrorCode.InvalidTransactionTimeout or ErrorCode.InvalidSessionTimeout or ErrorCode.InvalidGroupId
        or ErrorCode.InconsistentGroupProtocol or ErrorCode.UnsupportedAssignor or ErrorCode.GroupMaxSizeReached
        or ErrorCode.UnsupportedVersion or ErrorCode.UnsupportedForMessageFormat or ErrorCode.UnsupportedCompressionType
        or ErrorCode.UnsupportedSaslMechanism or ErrorCode.InvalidRequiredAcks or ErrorCode.InvalidConfig or ErrorCode.PolicyViolation
        or ErrorCode.TopicException or ErrorCode.Local_InvalidArg or ErrorCode.Local_UnsupportedFeature or ErrorCode.Local_NotImplemented
        or ErrorCode.Local_NotConfigured;

    /// <summary>The same call may succeed later.</summary>
    public static bool IsTransient(this ErrorCode code) => code is
        ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_Resolve or ErrorCode.Local_WaitCoord
        or ErrorCode.Local_Retry or ErrorCode.Local_InProgress or ErrorCode.Local_NodeUpdate or ErrorCode.Local_Ssl
        or ErrorCode.Local_Authentication or ErrorCode.Local_QueueFull or ErrorCode.Local_TimedOut or ErrorCode.Local_TimedOutQueue
        or ErrorCode.Local_MsgTimedOut or ErrorCode.Local_State or ErrorCode.Local_PurgeQueue or ErrorCode.Local_PurgeInflight
        or ErrorCode.Local_NoOffset or ErrorCode.Local_Intr or ErrorCode.Local_WaitCache or ErrorCode.Local_DestroyBroker
        or ErrorCode.LeaderNotAvailable or ErrorCode.NotLeaderForPartition or ErrorCode.RequestTimedOut
        or ErrorCode.BrokerNotAvailable or ErrorCode.ReplicaNotAvailable or ErrorCode.NetworkException
        or ErrorCode.GroupLoadInProgress or ErrorCode.GroupCoordinatorNotAvailable or ErrorCode.NotCoordinatorForGroup
        or ErrorCode.NotEnoughReplicas or ErrorCode.NotEnoughReplicasAfterAppend or ErrorCode.RebalanceInProgress
        or ErrorCode.NotController or ErrorCode.KafkaStorageError or ErrorCode.ConcurrentTransactions
        or ErrorCode.UnstableOffsetCommit or ErrorCode.OffsetNotAvailable or ErrorCode.FencedLeaderEpoch
        or ErrorCode.UnknownLeaderEpoch or ErrorCode.StaleMemberEpoch or ErrorCode.ThrottlingQuotaExceeded
        or ErrorCode.TransactionCoordinatorFenced or ErrorCode.StaleCtrlEpoch or ErrorCode.StaleBrokerEpoch
        or ErrorCode.ListenerNotFound or ErrorCode.ReassignmentInProgress or ErrorCode.EligibleLeadersNotAvailable
        or ErrorCode.PreferredLeaderNotAvailable or ErrorCode.UnreleasedInstanceId or ErrorCode.RebootstrapRequired;

    /// <summary>What to do about it, as a sentence to append; empty when there is nothing to say.</summary>
    public static string Advice(this ErrorCode code) => code switch
    {
        ErrorCode.TransactionalIdAuthorizationFailed =>
            " Give the user WRITE and DESCRIBE on the transactional ids of processing and storage.",
        ErrorCode.GroupAuthorizationFailed => " Give the user READ on the consumer groups of processing and storage.",
        ErrorCode.TopicAuthorizationFailed => " Give the user READ, WRITE and DESCRIBE on the topics telemetry.*.",
        ErrorCode.ClusterAuthorizationFailed => " Give the user IDEMPOTENT_WRITE and DESCRIBE on the cluster.",
        ErrorCode.InvalidTransactionTimeout =>
            " Set Kafka:TransactionTimeout to no more than the brokers' transaction.max.timeout.ms.",
        ErrorCode.InvalidSessionTimeout =>
            " Set Kafka:SessionTimeout to a time between the brokers' group.min.session.timeout.ms and group.max.session.timeout.ms.",
        ErrorCode.UnsupportedVersion or ErrorCode.Local_UnsupportedFeature =>
            " The cluster is too old for it; with Kafka:GroupProtocol = Auto or Classic groups need no new one.",
        _ => "",
    };
}
