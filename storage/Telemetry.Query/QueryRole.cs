using Microsoft.Extensions.Logging;
using Telemetry.Query.Answers;
using Telemetry.Query.Commands;
using Telemetry.Query.Limits;
using Telemetry.Query.Live;

namespace Telemetry.Query;

/// <summary>
/// The query role: what all requests share. Map it with <c>MapTelemetryApi</c>, keep <see cref="RunAsync"/> running
/// beside the web server, and dispose it after the server has stopped.
/// </summary>
public sealed class QueryRole : IAsyncDisposable
{
    private readonly LiveTail? _tail;
    private readonly CancellationTokenSource _stopping = new();

    public QueryRole(QueryServices services)
    {
        Services = services;
        var options = services.Options;
        Logger = services.Logging.CreateLogger<QueryRole>();
        Gate = new QueryGate(options.ConcurrencyMax, options.QueueMax, options.QueueWait, services.Time);
        ExportGate = new QueryGate(options.ExportsMax, 0, options.QueueWait, services.Time);
        Progress = new StoreProgress(services);
        Hub = new LiveHub(options.LiveClientsMax, options.LiveBacklogMax);
        Latest = new LatestValues(options.LatestSeriesMax);
        if (services.Log is { } log)
        {
            _tail = new LiveTail(log, Hub, Latest, services.Time, services.Logging.CreateLogger<LiveTail>());
            Commands = new CommandDesk(log, options, services.Time, services.Logging.CreateLogger<CommandDesk>());
        }
    }

    /// <summary>Completes when live values flow; completed from the start when there is no log.</summary>
    public Task LiveStarted => _tail?.Started ?? Task.CompletedTask;

    internal QueryServices Services { get; }

    internal QueryOptions Options => Services.Options;

    internal ILogger Logger { get; }

    internal QueryGate Gate { get; }

    internal QueryGate ExportGate { get; }

    internal StoreProgress Progress { get; }

    internal LiveHub Hub { get; }

    internal LatestValues Latest { get; }

    /// <summary>Null without a log.</summary>
    internal CommandDesk? Commands { get; }

    /// <summary>Fires when the role stops: live streams end, so that the web server can.</summary>
    internal CancellationToken Stopping => _stopping.Token;

    /// <summary>Follows the log for live values until cancelled, then ends the live streams. Without a log it only waits.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_tail is not null && Commands is not null)
            {
                await Task.WhenAll(_tail.RunAsync(cancellationToken), Commands.RunAsync(cancellationToken));
            }
            else
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, Services.Time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
        finally
        {
            await _stopping.CancelAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (Commands is not null)
        {
            await Commands.DisposeAsync();
        }

        Gate.Dispose();
        ExportGate.Dispose();
        Progress.Dispose();
        _stopping.Dispose();
    }
}
