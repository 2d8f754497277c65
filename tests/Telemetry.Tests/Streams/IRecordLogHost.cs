using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>An implementation under the contract: opens a log, cleans up at the end.</summary>
public interface IRecordLogHost : IAsyncDisposable
{
    /// <summary>How long a poll must stay empty until there is nothing. A log over a network needs more than a local one.</summary>
    TimeSpan QuietTime { get; }

    /// <summary>How long a test waits for what must come before it fails.</summary>
    TimeSpan Patience { get; }

    /// <summary>
    /// Whether a member may leave its group and join again in the middle of a test, as a client does whose coordinator died.
    /// Its partitions are then given to it anew, and a pause ends with the assignment it was made in.
    /// </summary>
    bool MembersMayRejoin => false;

    ValueTask<IRecordLog> OpenAsync();
}
