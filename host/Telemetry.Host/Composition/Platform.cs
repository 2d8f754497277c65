using System.Net;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Contracts;
using Telemetry.Edge;
using Telemetry.Host.Configuration;
using Telemetry.Host.Metrics;
using Telemetry.Processing;
using Telemetry.Query;
using Telemetry.Storage.ClickHouse.Embedded;
using Telemetry.Storage.Schema;
using Telemetry.Storage.Sink;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Host.Composition;

/// <summary>
/// The chosen roles of one process over one log and one store: started from the inside out, stopped from the outside in
/// (stop intake, drain with a deadline, flush, commit, close).
/// </summary>
internal sealed class Platform : IAsyncDisposable
{
    private readonly TelemetryOptions _options;
    private readonly Roles _roles;
    private readonly ILoggerFactory _logging;
    private readonly ILogger _logger;
    private readonly List<RoleScheduler> _schedulers = [];
    private readonly CancellationTokenSource _queryStopping = new();
    private EmbeddedClickHouse? _clickHouse;
    private IRecordProducer? _producer;
    private ReadingIngest? _ingest;
    private MqttBroker? _broker;
    private CommandDelivery? _commands;
    private QueryRole? _query;
    private Task _queryLoop = Task.CompletedTask;
    private WebServer? _web;
    private readonly TaskCompletionSource<Exception> _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _failureWatch = Task.CompletedTask;
    private bool _stopped;

    private Platform(
        TelemetryOptions options, Roles roles, JournalLog log, MetricsRegistry metrics, ILoggerFactory logging)
    {
        _options = options;
        _roles = roles;
        _logging = logging;
        _logger = logging.CreateLogger<Platform>();
        Log = log;
        Metrics = metrics;
    }

    public JournalLog Log { get; }

    public ILogger Logger => _logger;

    /// <summary>Consumer group of processing here; null when that role runs elsewhere.</summary>
    public string? ProcessingGroup => _roles.HasFlag(Roles.Process) ? _options.Processing.Group : null;

    /// <summary>Consumer group of storage here; null when that role runs elsewhere.</summary>
    public string? StorageGroup => _roles.HasFlag(Roles.Store) ? _options.Sink.Group : null;

    /// <summary>Every figure of this process.</summary>
    public MetricsRegistry Metrics { get; }

    /// <summary>Rates, lag and latencies; set once started.</summary>
    public PipelineSampler? Sampler { get; private set; }

    public ReadingProcessor? Processor { get; private set; }

    public StorageSink? Sink { get; private set; }

    /// <summary>Where HTTP is served; null before the start.</summary>
    public IPEndPoint? Http => _web?.Http;

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

        if (Failed.IsCompleted)
        {
            reasons.Add("the log or processing has failed; restart the process");
        }

        if (_ingest is { IsHealthy: false })
        {
            reasons.Add("the log does not take records");
        }

        if (Sink is { IsReady: false } sink)
        {
            reasons.Add("storage: " + (sink.NotReadyReason ?? "starting"));
        }

        return reasons;
    }

    public static async Task<Platform> StartAsync(
        TelemetryOptions options, Roles roles, MetricsRegistry metrics, ILoggerFactory logging, CancellationToken cancellationToken)
    {
        new DataDirectory(options.Data).Create();
        var log = JournalLog.Open(options.Journal, logging, TimeProvider.System);
        var platform = new Platform(options, roles, log, metrics, logging);
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

    /// <summary>Waits until both consumer groups have taken everything on the log, or the deadline.</summary>
    /// <returns>True when nothing is left.</returns>
    public async Task<bool> DrainAsync(TimeSpan deadline, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(deadline);
        try
        {
            if (Sink is not null)
            {
                await Sink.DrainAsync(limit.Token);
            }

            if (ProcessingGroup is { } group)
            {
                await WaitForGroupAsync(group, limit.Token);
            }

            if (Sink is not null)
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
    }

    /// <summary>Stop intake, drain with a deadline, flush, commit, close.</summary>
    public async Task StopAsync(bool drain, CancellationToken cancellationToken)
    {
        if (_stopped)
        {
            return;
        }

        _stopped = true;
        if (_commands is not null)
        {
            await _commands.DisposeAsync();
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

        if (drain)
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
        foreach (var role in new IAsyncDisposable?[] { _broker, Processor, Sink, _query })
        {
            if (role is not null)
            {
                await role.DisposeAsync();
            }
        }

        if (_web is not null)
        {
            await _web.DisposeAsync();
        }

        if (Sampler is not null)
        {
            await Sampler.DisposeAsync();
        }

        await Log.DisposeAsync();
        if (_clickHouse is not null)
        {
            await _clickHouse.DisposeAsync();
        }

        foreach (var scheduler in _schedulers)
        {
            scheduler.Dispose();
        }

        await _failureWatch.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _queryStopping.Dispose();
    }

    /// <summary>Waits until a group has committed everything on the readings topic.</summary>
    private async Task WaitForGroupAsync(string group, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while ((await Log.QueryLagAsync(group, KafkaTopics.Readings, cancellationToken)).Any(l => l.Records > 0))
        {
            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task StartRolesAsync(CancellationToken cancellationToken)
    {
        await Log.EnsureTopicsAsync(Topics.Catalogue(_options.Log), cancellationToken);
        if ((_roles & (Roles.Store | Roles.Query)) != 0)
        {
            _clickHouse = await EmbeddedClickHouse.OpenAsync(_options.ClickHouse, _logging, cancellationToken);
            await SchemaMigrator.ApplyAsync(_clickHouse, _options.Schema, _logging, TimeProvider.System, cancellationToken);
        }

        if (_roles.HasFlag(Roles.Store))
        {
            Sink = new StorageSink(Log, _clickHouse!, _options.Sink, _logging, TimeProvider.System);
            await On("role-store", () => Sink.StartAsync(cancellationToken));
        }

        if (_roles.HasFlag(Roles.Process))
        {
            Processor = new ReadingProcessor(Log, _options.Processing, _logging, TimeProvider.System);
            await On("role-process", () => Processor.StartAsync(cancellationToken));
        }

        if (_roles.HasFlag(Roles.Edge))
        {
            _producer = Log.CreateProducer(new ProducerOptions());
            _ingest = new ReadingIngest(_options.Bridge, _producer, TimeProvider.System, _logging.CreateLogger<ReadingIngest>());
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

        Sampler = new PipelineSampler(this, _roles, TimeProvider.System);
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
            await On("role-query", () =>
            {
                _queryLoop = _query.RunAsync(_queryStopping.Token);
                return Task.CompletedTask;
            });
        }

        _failureWatch = WatchAsync();
        _web = await WebServer.StartAsync(this, _options, _query, _broker, _logging, cancellationToken);
        _commands?.Start();
        Sampler.Start();
        HostLog.Started(_logger, _roles.ToString(), Http?.ToString() ?? "none", Mqtt?.ToString() ?? "none");
    }

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
