using System.Net;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.DeadLetters;
using Telemetry.ClickHouseServer;
using Telemetry.Contracts;
using Telemetry.Edge;
using Telemetry.Host.Configuration;
using Telemetry.Host.Metrics;
using Telemetry.Query;
using Telemetry.SchemaRegistry;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>
/// The chosen roles of one process over one log and one store: started from the inside out, stopped from the outside in
/// (stop intake, drain with a deadline, flush, commit, close).
/// </summary>
internal sealed class Platform : IAsyncDisposable
{
    private TelemetryOptions _options;
    private readonly Roles _roles;
    private readonly ILoggerFactory _logging;
    private readonly ILogger _logger;
    private readonly List<RoleScheduler> _schedulers = [];
    private readonly CancellationTokenSource _queryStopping = new();
    private readonly DependencyWait _dependencies;
    private readonly PeerFigures? _peers;
    private readonly LagMetrics _lagMetrics;
    private readonly IClickHouse? _clickHouse;
    private LagMonitor? _lagMonitor;
    private SchemaDirectory? _schemas;
    private ClickHouseHttpServer? _clickHouseHttp;
    private IRecordProducer? _producer;
    private ReadingIngest? _ingest;
    private MqttBroker? _broker;
    private CommandDelivery? _commands;
    private DeadLetterDepth? _deadLetters;
    private QueryRole? _query;
    private Task _queryLoop = Task.CompletedTask;
    private WebServer? _web;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _failureWatch = Task.CompletedTask;
    private volatile bool _started;
    private bool _stopped;

    private Platform(
        TelemetryOptions options, Roles roles, IRecordLog log, IClickHouse? clickHouse, MetricsRegistry metrics, ILoggerFactory logging)
    {
        _options = options;
        _roles = roles;
        _logging = logging;
        _logger = logging.CreateLogger<Platform>();
        _clickHouse = clickHouse;
        _dependencies = new DependencyWait(_logger, TimeProvider.System);
        Log = log;
        Metrics = metrics;
        IPipelineFigures figures = new LocalFigures(log, roles, options, metrics, () => Sink, TimeProvider.System);
        if (roles.HasFlag(Roles.Query) && options.Http.Peers.Count > 0)
        {
            _peers = new PeerFigures(options.Http.Peers);
            figures = new CombinedFigures(figures, _peers);
        }

        Sampler = new PipelineSampler(figures, roles, _logger, TimeProvider.System);
        _lagMetrics = new LagMetrics(() => Sampler.Health.Lag);
    }

    public IRecordLog Log { get; }

    public ILogger Logger => _logger;

    /// <summary>Every figure of this process.</summary>
    public MetricsRegistry Metrics { get; }

    /// <summary>Rates, lag and latencies.</summary>
    public PipelineSampler Sampler { get; }

    public ProcessingRole? Processor { get; private set; }

    public StorageSink? Sink { get; private set; }

    /// <summary>Where HTTP is served; null before the start.</summary>
    public IPEndPoint? Http => _web?.Http;

    /// <summary>Where the embedded engine is served; null when it is not.</summary>
    public IPEndPoint? ClickHouseHttp => _clickHouseHttp?.Address;

    /// <summary>Where MQTT is served; null without the edge role.</summary>
    public IPEndPoint? Mqtt => _broker?.Endpoints.Count > 0 ? _broker.Endpoints[0] as IPEndPoint : null;

    /// <summary>Completes with the cause when the process cannot go on and must be restarted.</summary>
    public Task<Exception> Failed => _failed.Task;

    /// <summary>Why the process is not ready to serve; empty when it is.</summary>
    public IReadOnlyList<string> NotReady()
    {
        var reasons = new List<string>();
        if (_stopped)
        {
            reasons.Add("stopping");
        }
        else if (!_started)
        {
            reasons.Add(_dependencies.Waiting ?? "starting");
        }

        if (Failed.IsCompleted)
        {
            reasons.Add("the log or processing has failed; restart the process");
        }

        if (_ingest is { IsHealthy: false })
        {
            reasons.Add("the log does not take records");
        }

        if (_started && Sink is { IsReady: false } sink)
        {
            reasons.Add("storage: " + (sink.NotReadyReason ?? "starting"));
        }

        if (_started && Processor?.NotReadyReason is { } processing)
        {
            reasons.Add("processing: " + processing);
        }

        if (Sampler.Problem is { } problem)
        {
            reasons.Add("figures cannot be had: " + problem);
        }

        return reasons;
    }

    /// <summary>
    /// Serves health and metrics at once, waits for a cluster and a server that are not there yet, and starts the roles.
    /// </summary>
    /// <exception cref="OperationCanceledException">Stopped while waiting.</exception>
    public static async Task<Platform> StartAsync(
        TelemetryOptions options, Roles roles, MetricsRegistry metrics, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        var needsStore = (roles & (Roles.Store | Roles.Query)) != 0;
        var embedded = needsStore && options.ClickHouse.Endpoint is null;
        if (!options.IsKafka || embedded)
        {
            new DataDirectory(options.Data).Create(journal: !options.IsKafka, clickHouse: embedded);
        }

        var log = RecordLogs.Open(options, logging);
        Platform platform;
        try
        {
            var clickHouse = needsStore ? await Stores.OpenAsync(options, logging, cancellationToken) : null;
            platform = new Platform(options, roles, log, clickHouse, metrics, logging);
        }
        catch
        {
            await log.DisposeAsync();
            throw;
        }

        try
        {
            await platform.StartRolesAsync(cancellationToken);
            return platform;
        }
        catch
        {
            await platform.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits until processing and storage here have taken everything on the log, or the deadline.</summary>
    /// <returns>True when nothing is left.</returns>
    public async Task<bool> DrainAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            if (Sink is not null)
            {
                await WaitForSinkAsync(Sink, limit.Token);
                await Sink.DrainAsync(limit.Token);
            }

            if (_roles.HasFlag(Roles.Process))
            {
                await WaitForGroupAsync(_options.Processing.Group, limit.Token);
            }

            if (Sink is not null && _roles.HasFlag(Roles.Process))
            {
                // Once more, for the anomalies that processing has just written.
                await Sink.DrainAsync(limit.Token);
            }

            return true;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            HostLog.DrainTimedOut(_logger, deadline.TotalSeconds);
            return false;
        }
        catch (RecordLogException e) when (e.IsTransient)
        {
            HostLog.DrainFailed(_logger, e);
            return false;
        }
    }

    /// <summary>Stop intake, drain with a deadline, flush, commit, close.</summary>
    public async Task StopAsync(bool drain, CancellationToken cancellationToken)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        foreach (var follower in new IAsyncDisposable?[] { _commands, _deadLetters })
        {
            if (follower is not null)
            {
                await follower.DisposeAsync();
            }
        }

        if (_broker is not null)
        {
            await _broker.StopAsync(cancellationToken);
        }

        if (_ingest is not null)
        {
            await _ingest.DisposeAsync();
        }

        if (_producer is not null)
        {
            await _producer.DisposeAsync();
        }

        if (drain && _started)
        {
            await DrainAsync(_options.ShutdownTimeout, cancellationToken);
        }

        if (Processor is not null)
        {
            await Processor.StopAsync(cancellationToken);
        }

        if (Sink is not null)
        {
            await Sink.StopAsync(cancellationToken);
        }

        await _queryStopping.CancelAsync();
        await _queryLoop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_web is not null)
        {
            await _web.StopAsync(cancellationToken);
        }
    }

    public async ValueTask DisposeAsync()
    {
        using var limit = new CancellationTokenSource(_options.ShutdownTimeout);
        await StopAsync(drain: false, limit.Token);
        await Sampler.DisposeAsync();
        foreach (var part in new IAsyncDisposable?[] { _lagMonitor, _broker, Processor, Sink, _query, _web, _clickHouseHttp, Log, _clickHouse, _schemas })
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        foreach (var scheduler in _schedulers)
        {
            scheduler.Dispose();
        }

        await _failureWatch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _lagMetrics.Dispose();
        _peers?.Dispose();
        _queryStopping.Dispose();
    }

    /// <summary>Waits until a group has committed everything on the readings topic.</summary>
    private async Task WaitForGroupAsync(string group, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.IsKafka ? TimeSpan.FromMilliseconds(200) : TimeSpan.FromMilliseconds(20));
        while (await IsBehindAsync(group, cancellationToken))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async ValueTask<bool> IsBehindAsync(string group, CancellationToken cancellationToken)
    {
        try
        {
            return (await Log.QueryLagAsync(group, KafkaTopics.Readings, cancellationToken)).Any(l => l.Records > 0);
        }
        catch (RecordLogException e) when (e.IsTransient)
        {
            return true; // Not known is not done; the deadline ends the wait.
        }
    }

    /// <summary>Waits until the sink has consumed what is on the log now, in the partitions it has.</summary>
    private async Task WaitForSinkAsync(StorageSink sink, CancellationToken cancellationToken)
    {
        var ends = new Dictionary<int, long>();
        foreach (var partition in sink.Progress.Select(p => p.Partition))
        {
            ends[partition] = (await Log.QueryOffsetsAsync(new TopicPartition(KafkaTopics.Readings, partition), cancellationToken)).High;
        }

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (sink.Progress.Any(p => p.ConsumedNext < ends.GetValueOrDefault(p.Partition)))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task StartRolesAsync(CancellationToken cancellationToken)
    {
        _schemas = await RoleSchemas.OpenAsync(_options, _roles, _logging, cancellationToken);
        _options = RoleSchemas.WithIds(_options, _schemas);
        Create();
        _web = await WebServer.StartAsync(this, _options, _query, _broker, _logging, cancellationToken);
        await _dependencies.RunAsync(
            RecordLogs.Describe(_options), token => Log.EnsureTopicsAsync(Topics.Catalogue(_options.Log), token), cancellationToken);
        if (_clickHouse is not null)
        {
            await _dependencies.RunAsync(
                Stores.Describe(_options),
                token => SchemaMigrator.ApplyAsync(_clickHouse, _options.Schema, _logging, TimeProvider.System, token),
                cancellationToken);
        }

        if (_clickHouse is EmbeddedClickHouse engine && _options.ClickHouseServer.Port is not null)
        {
            _clickHouseHttp = await ClickHouseHttpServer.StartAsync(
                engine, _options.ClickHouseServer, _logging, TimeProvider.System, null, cancellationToken);
        }

        if (Sink is not null)
        {
            await On("role-store", () => Sink.StartAsync(cancellationToken));
        }

        if (Processor is not null)
        {
            await On("role-process", () => _dependencies.RunAsync(
                RecordLogs.Describe(_options), token => new ValueTask(Processor.StartAsync(token)), cancellationToken));
        }

        if (_query is not null)
        {
            await On("role-query", () =>
            {
                _queryLoop = _query.RunAsync(_queryStopping.Token);
                return Task.CompletedTask;
            });
        }

        _failureWatch = WatchAsync();
        if (_broker is not null)
        {
            await WebServer.StartMqttAsync(_broker, _options, cancellationToken);
            _commands?.Start();
        }

        if (_roles.HasFlag(Roles.Query))
        {
            _deadLetters = new DeadLetterDepth(Log, TimeProvider.System, _logging.CreateLogger<DeadLetterDepth>());
            _deadLetters.Start();
        }

        Sampler.Start();
        _lagMonitor = LagMonitor.Start(Log, _options, _roles, () => Sink?.Progress ?? [], _logger, TimeProvider.System);
        _started = true;
        HostLog.Started(_logger, _roles.ToString(), Http?.ToString() ?? "none", Mqtt?.ToString() ?? "none");
    }

    private void Create()
    {
        if (_roles.HasFlag(Roles.Store))
        {
            var sink = _options.Sink with
            {
                TransactionalId = TransactionalId(_options.Sink.TransactionalId),
                FenceEmbedded = _options.Sink.FenceEmbedded || _options.ClickHouseServer.Port is not null,
            };
            Sink = new StorageSink(Log, _clickHouse!, sink, _logging, TimeProvider.System, _schemas);
        }

        if (_roles.HasFlag(Roles.Process))
        {
            var processing = _options.Processing with { TransactionalId = TransactionalId(_options.Processing.TransactionalId) };
            Processor = new ProcessingRole(Log, processing, restarts: _options.IsKafka, _logging, TimeProvider.System, _schemas);
        }

        if (_roles.HasFlag(Roles.Edge))
        {
            _producer = Log.CreateProducer(new ProducerOptions());
            _ingest = new ReadingIngest(_options.Bridge, _producer, TimeProvider.System, _logging.CreateLogger<ReadingIngest>());
            RoleSchemas.Follow(_schemas, _ingest);
            _broker = new MqttBroker(_options.Edge, _ingest, _logging, TimeProvider.System);
            _commands = new CommandDelivery(
                Log,
                _producer,
                new MqttCommandChannel(_broker),
                _options.Commands,
                _options.Bridge,
                TimeProvider.System,
                _logging.CreateLogger<CommandDelivery>());
        }

        if (_roles.HasFlag(Roles.Query))
        {
            _query = new QueryRole(new QueryServices
            {
                ClickHouse = _clickHouse!,
                Log = Log,
                Health = Sampler,

                // The minute rollup is asked no further back than it is kept.
                Options = _options.Query with { MinuteRetention = _options.Schema.MinuteRetention },
                Logging = _logging,
            });
        }
    }

    /// <summary>On a cluster several instances run; in the journal the id alone fences a former process.</summary>
    private string TransactionalId(string id) => _options.IsKafka ? $"{id}-{InstanceName.Of(_options)}" : id;

    /// <summary>What no retry can mend ends the process; its supervisor starts it again and recovery does the rest.</summary>
    private async Task WatchAsync()
    {
        var processing = Processor?.Completion ?? Task.Delay(Timeout.InfiniteTimeSpan, _queryStopping.Token);
        var first = await Task.WhenAny(Log.Failed, processing);
        if (first == Log.Failed)
        {
            _failed.TrySetResult(await Log.Failed);
        }
        else if (processing.Exception is { } exception)
        {
            _failed.TrySetResult(exception.GetBaseException());
        }
    }

    /// <summary>Starts a role on threads of its own: its loops stay there, and its CPU time can be told apart.</summary>
    private Task On(string name, Func<Task> start)
    {
        const int threads = 2;
        var scheduler = new RoleScheduler(name, threads);
        _schedulers.Add(scheduler);
        return scheduler.RunAsync(start);
    }
}
