using Telemetry.Streams;

namespace Telemetry.Tests.Streams;

/// <summary>An implementation under the contract: opens a log, cleans up at the end.</summary>
public interface IRecordLogHost : IAsyncDisposable
{
    /// <summary>How long a poll must stay empty until there is nothing. A log over a network needs more than a local one.</summary>
    TimeSpan QuietTime { get; }

    /// <summary>How long a test waits for what must come before it fails.</summary>
    TimeSpan Patience { get; }

    ValueTask<IRecordLog> OpenAsync();
}
