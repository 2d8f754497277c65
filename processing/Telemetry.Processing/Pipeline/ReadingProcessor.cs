using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Settings;
using Telemetry.Streams;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// The processing role: a member of a consumer group on the readings. Removes duplicates, follows the watermark, runs the
/// detectors, watches the devices, and writes anomalies, device events and dead letters. Exactly once: outputs, state and
/// offsets are committed in one transaction, and what comes out is a function of the log alone.
/// </summary>
public sealed class ReadingProcessor : IAsyncDisposable
{
    private static readonly TimeSpan FullWait = TimeSpan.FromMilliseconds(2);

    private readonly IRecordLog _log;
    private readonly ProcessingOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ProcessingMetrics _metrics;
    private readonly TransactionCommitter _committer;
    private readonly PartitionWorkers _workers;
    private readonly SettingsFeed _settings;
    private readonly OwnRecords _own;
    private readonly TickWriter _ticks;
    private readonly ProfileWriter _profiles;
    private readonly SensorUnits _units;

    /// <summary>As many partitions are restored at once as there are processors.</summary>
    private readonly SemaphoreSlim _restores = new(Environment.ProcessorCount);
    private readonly CancellationTokenSource _stop = new();
    private readonly CancellationTokenSource _abandon = new();
    private readonly Lazy<Task> _disposal;
    private Task _loop = Task.CompletedTask;
    private volatile string? _pollProblem;

    /// <param name="log">Where the readings are and the results go.</param>
    /// <param name="options">What is watched, and how.</param>
    /// <param name="loggers">Told of state changes only.</param>
    /// <param name="time">The clock of pauses and commits.</param>
    /// <param name="schemas">Layouts by schema id; null: the released ids.</param>
    public ReadingProcessor(
        IRecordLog log, ProcessingOptions options, ILoggerFactory loggers, TimeProvider time, IReadingSchemas? schemas = null)
    {
        _logger = loggers.CreateLogger<ReadingProcessor>();
        _units = new SensorUnits(log, LogTopics.Catalogue, _logger, time);
        options = options with { UnitOf = options.UnitOf ?? _units.Of };
        (_log, _options, _time) = (log, options, time);

        // Metrics may be asked for before this constructor has ended.
        _metrics = new ProcessingMetrics(() => _workers?.Status ?? [], time);
        _committer = new TransactionCommitter(log, options, _logger, time);
        _settings = new SettingsFeed(log, options.SettingsTopic, _logger, time);
        _workers = new PartitionWorkers(
            log, options, _committer, _metrics, _logger, time, schemas, _settings, options.Profiles ?? _units, _restores);
        _own = new OwnRecords(log);
        _ticks = new TickWriter(_own, options, _logger, time);
        _profiles = new ProfileWriter(_own, _logger, time);
        _disposal = new Lazy<Task>(DisposeOnceAsync);
    }

    /// <summary>Where each assigned partition stands; from any thread.</summary>
    public IEnumerable<PartitionStatus> Partitions => _workers.Status;

    /// <summary>Why it does not get on, for people; null when it does.</summary>
    public string? NotReadyReason => _pollProblem ?? _settings.Problem ?? _workers.Problem;

    /// <summary>
    /// Ends when processing has stopped; faulted when it had to: fenced by another instance with the same transactional id, or
    /// the log failed for good.
    /// </summary>
    public Task Completion => _loop;

    /// <summary>Creates the topics of state and settings if they are missing (the other topics must exist), joins the group and begins.</summary>
    /// <exception cref="RecordLogException">The log or a topic is not there.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var partitions = await _log.QueryPartitionCountAsync(_options.ReadingsTopic, cancellationToken);
        await _log.EnsureTopicsAsync(
            [new TopicSpec(_options.StateTopic, partitions, Compacted: true), new TopicSpec(_options.SettingsTopic, 1, Compacted: true)],
            cancellationToken);
        if (_options.DetectorSettingsFile is { } file)
        {
            await SettingsFile.ApplyAsync(_log, _options.SettingsTopic, file, _logger, _time, cancellationToken);
        }

        _settings.Start();
        _units.Start();
        await _committer.OpenAsync(cancellationToken);
        _loop = Task.Factory.StartNew(
            RunPollLoopAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Current).Unwrap();
    }

    /// <summary>Stops in good order: finishes what was taken, commits, leaves the group.</summary>
    /// <param name="cancellationToken">Gives up finishing; what was not committed is done again at the next start.</param>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await using var registration = cancellationToken.Register(_abandon.Cancel);
        await _loop;
    }

    /// <summary>Stops without finishing, if <see cref="StopAsync"/> was not called before. Who calls it again waits for the same end.</summary>
    public ValueTask DisposeAsync() => new(_disposal.Value);

    private async Task DisposeOnceAsync()
    {
        await _abandon.CancelAsync();
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _workers.StopAllAsync();
        await _settings.DisposeAsync();
        await _own.DisposeAsync();
        await _units.DisposeAsync();
        await _committer.DisposeAsync();
        _metrics.Dispose();
        _restores.Dispose();
        _stop.Dispose();
        _abandon.Dispose();
    }

    private async Task RunPollLoopAsync()
    {
        try
        {
            await using var consumer = _log.CreateConsumer(new ConsumerOptions
            {
                Group = _options.Group,
                Topics = [_options.ReadingsTopic],
                AssignmentListener = _workers,
            });
            await PollUntilStoppedAsync(consumer);
            await FinishAsync(consumer);
        }
        catch (Exception fault)
        {
            // The host restarts the role or the process; what was not committed is done again.
            ProcessingLog.Stopped(_logger, fault, fault.Message);
            throw;
        }
    }

    private async Task PollUntilStoppedAsync(IRecordConsumer consumer)
    {
        var commitAt = _time.GetTimestamp();
        var pollFailures = 0;
        while (!_stop.IsCancellationRequested)
        {
            var wait = _workers.IsFull ? FullWait : UntilCommit(commitAt);
            try
            {
                _workers.Dispatch(consumer, await consumer.PollAsync(_options.PollRecordsMax, wait, _stop.Token));
                pollFailures = 0;
                _pollProblem = null;
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                return;
            }
            catch (RecordLogException fault) when (fault.IsTransient)
            {
                var delay = Backoff(++pollFailures);
                ProcessingLog.PollFailed(_logger, fault, fault.Error, delay.TotalMilliseconds);
                _pollProblem = fault.Message;
                await PauseAsync(delay);
            }

            _ticks.Write(_workers.All);
            _profiles.Write(_workers.All);
            var due = UntilCommit(commitAt) <= TimeSpan.Zero;
            if (due || (_workers.RetryDelay == TimeSpan.Zero && _workers.WantsCommit))
            {
                await _workers.TryCommitAsync(consumer, final: false, _abandon.Token);
                commitAt = _time.GetTimestamp();
            }
        }
    }

    /// <summary>The consumer's end gives the partitions up in good order too; the commit here covers logs that do not tell.</summary>
    private async Task FinishAsync(IRecordConsumer consumer)
    {
        if (!_abandon.IsCancellationRequested)
        {
            await _workers.TryCommitAsync(consumer, final: true, _abandon.Token);
        }
        else
        {
            await _workers.StopAllAsync();
        }
    }

    private TimeSpan UntilCommit(long committedAt)
    {
        var interval = _workers.RetryDelay > _options.CommitInterval ? _workers.RetryDelay : _options.CommitInterval;
        var left = interval - _time.GetElapsedTime(committedAt);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private TimeSpan Backoff(int failures) => TimeSpan.FromTicks(
        Math.Min(_options.RetryDelayMax.Ticks, _options.RetryDelay.Ticks << Math.Min(failures - 1, 16)));

    private async Task PauseAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _time, _stop.Token);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return;
        }
    }
}
