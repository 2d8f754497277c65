using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Diagnostics;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal.Core;

/// <summary>What producers, consumers and maintenance of one log share: its writer, its commit file and its topics.</summary>
internal sealed class JournalCore(
    JournalOptions options, JournalWriter writer, CommitFile commits, JournalMetrics metrics, TopicTable topics, ILogger logger)
{
    public JournalOptions Options { get; } = options;

    public JournalWriter Writer { get; } = writer;

    public CommitFile Commits { get; } = commits;

    public JournalMetrics Metrics { get; } = metrics;

    public TopicTable Topics { get; } = topics;

    public ILogger Logger { get; } = logger;

    /// <summary>Completes when everything appended before has been answered, also by the end of the log.</summary>
    public async Task DrainAsync()
    {
        try
        {
            await Writer.SubmitAsync(new CommitRequest(null, []));
        }
        catch (RecordLogException)
        {
            // The log has ended, and what was pending has been answered with the cause.
            return;
        }
    }
}
