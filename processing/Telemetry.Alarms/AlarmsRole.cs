using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Alarms.Diagnostics;
using Telemetry.Alarms.Incidents;
using Telemetry.Alarms.Keeping;
using Telemetry.Alarms.Outlets;
using Telemetry.Alarms.Rules;
using Telemetry.Alarms.Running;
using Telemetry.Alarms.Setup;
using Telemetry.Alarms.Streaming;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Alarms;

/// <summary>
/// The alarms role: incidents and rules over readings become conditions on one topic, beside what persons want; from that topic alone the states of
/// alarms are decided. Each of the three is a consumer group of its own, exactly once, in any number of processes.
/// </summary>
public sealed class AlarmsRole : IAsyncDisposable
{
    private readonly AlarmsOptions _options;
    private readonly IRecordLog _log;
    private readonly ILogger _logger;
    private readonly RulesFeed _feed;
    private readonly StandingBoard _board = new();
    private readonly FoldRunner<AlarmKeeper> _keeper;
    private readonly FoldRunner<IncidentFold> _incidents;
    private readonly FoldRunner<RuleFold> _rules;
    private readonly WebhookOutlet? _webhook;
    private readonly AlertmanagerOutlet? _alertmanager;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private Task _following = Task.CompletedTask;
    private bool _readsReadings;

    /// <param name="log">Everything comes from it and goes to it.</param>
    /// <param name="options">Rules file, groups, bounds.</param>
    /// <param name="loggers">Told of state changes only.</param>
    /// <param name="time">The clock of commits and ticks.</param>
    /// <param name="schemas">Layouts of readings by schema id; null: the released ids.</param>
    /// <exception cref="FormatException">The webhook's secret cannot be used.</exception>
    /// <exception cref="IOException">The webhook's secret cannot be read.</exception>
    public AlarmsRole(IRecordLog log, AlarmsOptions options, ILoggerFactory loggers, TimeProvider time, IReadingSchemas? schemas = null)
    {
        (_log, _options) = (log, options);
        _logger = loggers.CreateLogger<AlarmsRole>();
        _feed = new RulesFeed(log, time, _logger);
        Streams = new StreamHub(log, options.Grpc, time, _logger, schemas);
        _webhook = options.Webhook.Url.Length > 0 ? new WebhookOutlet(log, options, time, _logger) : null;
        _alertmanager = options.Alertmanager.Urls.Any(static url => url.Length > 0) ? new AlertmanagerOutlet(log, options.Alertmanager, time, _logger) : null;
        _keeper = new FoldRunner<AlarmKeeper>(
            log,
            new FoldSpec<AlarmKeeper>
            {
                Name = "keeper",
                Topic = LogTopics.AlarmInputs,
                Group = options.Group,
                TransactionalId = options.TransactionalId,
                StateTopic = LogTopics.AlarmState,
                CommitInterval = options.CommitInterval,
                Create = partition => new AlarmKeeper(options, partition.Partition),
                Tick = new AlarmInput { Tick = new AlarmTick() }.ToByteArray(),
                Committed = Count,
                Released = _board.Remove,
            },
            time,
            _logger);
        _incidents = new FoldRunner<IncidentFold>(
            log,
            new FoldSpec<IncidentFold>
            {
                Name = "incidents",
                Topic = LogTopics.Incidents,
                Group = options.IncidentsGroup,
                TransactionalId = options.TransactionalId + "-incidents",
                CommitInterval = options.CommitInterval,
                Prepare = _feed.CatchUpAsync,
                Create = partition => new IncidentFold(PinsOf(options.IncidentsGroup, partition)),
                Refresh = (fold, offset) => fold.UseRules(_feed.Current, offset),
                Committed = static fold =>
                {
                    AlarmsMetrics.Drop("malformed", fold.Malformed);
                    fold.Malformed = 0;
                },
            },
            time,
            _logger);
        _rules = new FoldRunner<RuleFold>(
            log,
            new FoldSpec<RuleFold>
            {
                Name = "rules",
                Topic = LogTopics.Readings,
                Group = options.RulesGroup,
                TransactionalId = options.TransactionalId + "-rules",
                StateTopic = LogTopics.AlarmRuleState,
                Start = StartPosition.Latest,
                CommitInterval = options.RulesCommitInterval,
                Prepare = _feed.CatchUpAsync,
                Create = partition => new RuleFold(options, PinsOf(options.RulesGroup, partition), schemas),
                Refresh = (fold, offset) => fold.UseRules(_feed.Current, offset),
                Committed = static fold =>
                {
                    AlarmsMetrics.Drop("rule-states", fold.Overflowed);
                    fold.Overflowed = 0;
                },
            },
            time,
            _logger);
    }

    /// <summary>What the gRPC service gives.</summary>
    public StreamHub Streams { get; }

    /// <summary>Why it does not get on, for people; null when it does. An outlet that does not get on is told by metrics and logs.</summary>
    public string? NotReadyReason => _keeper.NotReadyReason ?? _incidents.NotReadyReason ?? (_readsReadings ? _rules.NotReadyReason : null);

    /// <summary>Reads the rules and begins.</summary>
    /// <exception cref="FormatException">The rules file cannot be used.</exception>
    /// <exception cref="IOException">The rules file cannot be read.</exception>
    /// <exception cref="RecordLogException">The log or a topic is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        // Whatever can fail comes before anything runs: the start may be tried again.
        await _feed.LoadAsync(_options.RulesFile, cancellationToken);
        AlarmsMetrics.Begin();
        var hasLeftovers = await HasLeftoversAsync(cancellationToken);
        _feed.Changed += ReadReadingsIfNeeded;
        _keeper.Start();
        _incidents.Start();
        if (hasLeftovers)
        {
            ReadReadings();
        }

        ReadReadingsIfNeeded();
        _following = _feed.RunAsync(_stop.Token);
        _webhook?.Start();
        _alertmanager?.Start();
    }

    /// <summary>Finishes what was taken, commits, leaves the groups. What makes conditions stops first.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Task.WhenAll(_rules.StopAsync(cancellationToken), _incidents.StopAsync(cancellationToken));
        await _keeper.StopAsync(cancellationToken);
        await (_webhook?.StopAsync(cancellationToken) ?? Task.CompletedTask);
        await (_alertmanager?.StopAsync(cancellationToken) ?? Task.CompletedTask);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _rules.DisposeAsync();
        await _incidents.DisposeAsync();
        await _keeper.DisposeAsync();
        await (_webhook?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_alertmanager?.DisposeAsync() ?? ValueTask.CompletedTask);
        await Streams.DisposeAsync();
        _board.Dispose();
        _stop.Dispose();
    }

    /// <summary>Rules that are gone may have left conditions that hold.</summary>
    private async Task<bool> HasLeftoversAsync(CancellationToken cancellationToken)
    {
        var partitions = await _log.QueryPartitionCountAsync(LogTopics.AlarmRuleState, cancellationToken);
        for (var i = 0; i < partitions; i++)
        {
            var (low, high) = await _log.QueryOffsetsAsync(new TopicPartition(LogTopics.AlarmRuleState, i), cancellationToken);
            if (low < high)
            {
                return true;
            }
        }

        return false;
    }

    private RulesPins PinsOf(string group, TopicPartition partition) =>
        new(group, partition.Partition, _feed.Book.PinsOf(group, partition.Partition));

    private void ReadReadingsIfNeeded()
    {
        if (_feed.Current.NeedReadings)
        {
            ReadReadings();
        }
    }

    private void ReadReadings()
    {
        lock (_gate)
        {
            if (!_readsReadings)
            {
                _readsReadings = true;
                _rules.Start();
            }
        }
    }

    private void Count(AlarmKeeper keeper)
    {
        _board.Set(keeper, keeper.Alarms);
        var counts = keeper.Counts;
        for (var i = 0; i < counts.Changes.Length; i++)
        {
            if (counts.Changes[i] > 0)
            {
                AlarmsMetrics.Changed((AlarmTransition)i, counts.Changes[i]);
                counts.Changes[i] = 0;
            }
        }

        AlarmsMetrics.Drop("malformed", counts.Malformed);
        AlarmsMetrics.Drop("overflow", counts.Overflowed);
        if (counts.Overflowed > 0)
        {
            AlarmsLog.Overflowed(_logger, counts.Overflowed, _options.AlarmsMax);
        }

        counts.Malformed = counts.Overflowed = 0;
    }
}
