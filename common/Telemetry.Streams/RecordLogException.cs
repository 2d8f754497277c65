using Telemetry.Contracts.Faults;

namespace Telemetry.Streams;

/// <summary>What went wrong in the log; also the metric label.</summary>
public enum RecordLogError
{
    Unknown = 0,

    /// <summary>The log's files are damaged before their end. Names file and offset.</summary>
    Damaged,

    /// <summary>Another process has the log open.</summary>
    Locked,

    /// <summary>No such topic or partition.</summary>
    UnknownTopic,

    /// <summary>A topic exists with other settings.</summary>
    TopicMismatch,

    /// <summary>Key, value or headers beyond the limit.</summary>
    RecordTooLarge,

    /// <summary>No space left; try later.</summary>
    DiskFull,

    /// <summary>A write or fsync failed; what is on disk is unknown, the process must restart.</summary>
    WriteFailed,

    /// <summary>A newer producer with the same transactional id took over.</summary>
    Fenced,

    /// <summary>The offset asked for is not there (any more).</summary>
    OffsetOutOfRange,

    /// <summary>The partition is not assigned to this consumer.</summary>
    NotAssigned,

    /// <summary>The log is closed or closing.</summary>
    Closed,

    /// <summary>No answer in time.</summary>
    TimedOut,

    /// <summary>The cluster cannot be reached or has too few replicas.</summary>
    Unavailable,

    /// <summary>The cluster does not accept our certificate, name or password, we do not trust its certificate, or a right is missing.</summary>
    AccessDenied,

    /// <summary>A setting cannot be used, by itself, beside another one or with this cluster.</summary>
    Misconfigured,

    /// <summary>The client library is missing or cannot be loaded on this machine.</summary>
    NotInstalled,
}

/// <summary>An error of the log. The message names what, where and what to do.</summary>
public sealed class RecordLogException : Exception, IFault
{
    public RecordLogException(RecordLogError error, string message, Exception? inner = null)
        : base(message, inner) => Error = error;

    public RecordLogError Error { get; }

    /// <summary>True: the same call may succeed later.</summary>
    public bool IsTransient => Error is RecordLogError.DiskFull or RecordLogError.TimedOut or RecordLogError.Unavailable;

    /// <inheritdoc/>
    public FaultRemedy Remedy => Error switch
    {
        RecordLogError.NotInstalled => FaultRemedy.Installation,
        RecordLogError.AccessDenied or RecordLogError.Misconfigured or RecordLogError.TopicMismatch => FaultRemedy.Settings,
        _ => FaultRemedy.Retry,
    };
}
