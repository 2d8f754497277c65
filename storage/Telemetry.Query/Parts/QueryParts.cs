using Microsoft.Extensions.Logging;
using Telemetry.Query.Alarms;
using Telemetry.Query.Answers;
using Telemetry.Query.Catalogue;
using Telemetry.Query.Commands;
using Telemetry.Query.Limits;
using Telemetry.Query.Live;
using Telemetry.Query.Series;
using Telemetry.Query.Setup;
using Telemetry.Query.Topics;

namespace Telemetry.Query.Parts;

/// <summary>What all requests of the query role share.</summary>
internal sealed class QueryParts : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();

    public QueryParts(QueryServices services)
    {
        Services = services;
        var options = services.Options;
        Logger = services.Logging.CreateLogger("Telemetry.Query");
        Gate = new QueryGate(options.ConcurrencyMax, options.QueueMax, options.QueueWait, services.Time);
        ExportGate = new QueryGate(options.ExportsMax, 0, options.QueueWait, services.Time);
        Answers = new AnswerBudget(options.AnswerBytesMax);
        Progress = new StoreProgress(services);
        Horizon = new SeriesHorizon(services);
        InCommon = new SensorsInCommon(services.Time);
        Hub = new LiveHub(options.LiveClientsMax, options.LiveBacklogMax);
        Latest = new LatestValues(options.LatestSeriesMax);
        if (services.Log is { } log)
        {
            Topics = new TopicReader(log, services.Time);
            Tail = new LiveTail(log, Hub, Latest, options, services.Time, services.Logging.CreateLogger<LiveTail>());
            Commands = new CommandDesk(log, options, services.Time, services.Logging.CreateLogger<CommandDesk>());
            Alarms = new AlarmDesk(log, options, services.Time, services.Logging.CreateLogger<AlarmDesk>());
            Catalogue = new CatalogueDesk(
                log, options.CatalogueBytesMax, options.CatalogueSchemaId, services.Time, services.Logging.CreateLogger<CatalogueDesk>());
        }
    }

    public QueryServices Services { get; }

    public QueryOptions Options => Services.Options;

    public ILogger Logger { get; }

    public QueryGate Gate { get; }

    public QueryGate ExportGate { get; }

    public AnswerBudget Answers { get; }

    public StoreProgress Progress { get; }

    public SeriesHorizon Horizon { get; }

    public SensorsInCommon InCommon { get; }

    public LiveHub Hub { get; }

    public LatestValues Latest { get; }

    /// <summary>Null without a log.</summary>
    public TopicReader? Topics { get; }

    /// <summary>Null without a log.</summary>
    public LiveTail? Tail { get; }

    /// <summary>Null without a log.</summary>
    public CommandDesk? Commands { get; }

    /// <summary>Null without a log.</summary>
    public AlarmDesk? Alarms { get; }

    /// <summary>Null without a log.</summary>
    public CatalogueDesk? Catalogue { get; }

    /// <summary>Fires when the role stops: live streams end, so that the web server can.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public Task StopAsync() => _stopping.CancelAsync();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        if (Commands is not null)
        {
            await Commands.DisposeAsync();
        }

        if (Alarms is not null)
        {
            await Alarms.DisposeAsync();
        }

        if (Catalogue is not null)
        {
            await Catalogue.DisposeAsync();
        }

        Gate.Dispose();
        ExportGate.Dispose();
        Progress.Dispose();
        _stopping.Dispose();
    }
}
