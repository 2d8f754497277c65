using Microsoft.Extensions.Logging;
using Telemetry.Streams.Journal.Commits;
using Telemetry.Streams.Journal.Consumers;
using Telemetry.Streams.Journal.Core;
using Telemetry.Streams.Journal.Diagnostics;
using Telemetry.Streams.Journal.Files;
using Telemetry.Streams.Journal.Maintenance;
using Telemetry.Streams.Journal.Producers;
using Telemetry.Streams.Journal.Topics;

namespace Telemetry.Streams.Journal;

/// <summary>
/// The log on local files, for one process: Kafka's semantics without a broker. Each topic is one series of segment files
/// that its partitions share, so a group commit costs one write and one fsync a topic; one small commit file holds groups'
/// offsets and the ends of transactions.
/// </summary>
public sealed class JournalLog : IRecordLog
{
    private readonly IJournalFiles _files;
    private readonly TimeProvider _time;
    private readonly IDisposable _lock;
    private readonly string _topicsDirectory;
    private readonly JournalCore _core;
    private readonly LogMaintenance _maintenance;
    private readonly Lock _gate = new();
    private readonly Dictionary<string, ConsumerGroup> _groups = [];
    private readonly Dictionary<string, JournalTransactionalProducer> _transactional = [];
    private readonly TopicTable _topics = new();
    private readonly JournalMetrics _metrics;
    private bool _disposed;

    private JournalLog(JournalOptions options, IJournalFiles files, IDisposable directoryLock, ILogger logger, TimeProvider time)
    {
        (Options, _files, _lock, Logger, _time) = (options, files, directoryLock, logger, time);
        _topicsDirectory = Path.Combine(options.Directory, "topics");
        Commits = CommitFile.Open(files, Path.Combine(options.Directory, "commits"), options.CommitFileBytes, logger);
        _metrics = new JournalMetrics(
            () => Writer?.PendingBytes ?? 0, () => _topics.All.Select(topic => (topic.Name, topic.SizeBytes)));
        Writer = new JournalWriter(options, files, Commits, _metrics, time, logger);
        _core = new JournalCore(options, Writer, Commits, _metrics, _topics, logger);
        _maintenance = new LogMaintenance(_core, Clients, files, time);
    }

    /// <inheritdoc/>
    public Task<Exception> Failed => Writer.Failed;

    /// <summary>
    /// Why the last round of maintenance did not do all of its work; null when it did. It is tried again at the next
    /// interval; while it goes on failing, retention does not free space.
    /// </summary>
    public Exception? MaintenanceFailure => _maintenance.Failure;

    internal JournalOptions Options { get; }

    internal JournalWriter Writer { get; }

    internal CommitFile Commits { get; }

    internal ILogger Logger { get; }

    /// <summary>Opens the log, creating what is missing; cuts a torn tail.</summary>
    /// <exception cref="RecordLogException">
    /// <see cref="RecordLogError.Locked"/>: another process has it. <see cref="RecordLogError.Damaged"/>: acknowledged data
    /// cannot be read; the message names file and offset, and nothing was changed. <see cref="RecordLogError.DiskFull"/>: a
    /// start writes a little. <see cref="RecordLogError.WriteFailed"/>: what was written could not be made durable.
    /// </exception>
    public static JournalLog Open(JournalOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider) =>
        Open(options, loggerFactory, timeProvider, SystemFiles.Instance);

    internal static JournalLog Open(
        JournalOptions options, ILoggerFactory loggerFactory, TimeProvider timeProvider, IJournalFiles files)
    {
        var directoryLock = files.Lock(options.Directory);
        JournalLog? log = null;
        try
        {
            log = new JournalLog(options, files, directoryLock, loggerFactory.CreateLogger<JournalLog>(), timeProvider);
            log.LoadTopics();
            DiskErrors.SyncDirectory(files, options.Directory);
            log.Writer.Start();
            log._maintenance.Start();
            return log;
        }
        catch (Exception error)
        {
            log?.CloseFiles();
            directoryLock.Dispose();
            if (error is IOException io && DiskErrors.IsDiskFull(io))
            {
                throw new RecordLogException(
                    RecordLogError.DiskFull,
                    $"No space left to open the log in '{options.Directory}'. Nothing is lost; free space and start again.",
                    error);
            }

            throw;
        }
    }

    /// <inheritdoc/>
    public ValueTask EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken)
    {
        Writer.ThrowIfUnusable();
        lock (_gate)
        {
            foreach (var spec in topics)
            {
                Ensure(spec);
            }
        }

        return ValueTask.CompletedTask;
    }

    /// <inheritdoc/>
    public ValueTask<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken) =>
        new(_topics.Get(topic).Spec.Partitions);

    /// <inheritdoc/>
    public IRecordProducer CreateProducer(ProducerOptions options)
    {
        Writer.ThrowIfUnusable();
        return new JournalProducer(_core, options);
    }

    /// <inheritdoc/>
    public async ValueTask<ITransactionalProducer> OpenTransactionalProducerAsync(
        string transactionalId, ProducerOptions options, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(transactionalId);
        Writer.ThrowIfUnusable();
        var producer = new JournalTransactionalProducer(_core, transactionalId, options, _time, Forget);
        JournalTransactionalProducer? former;
        lock (_gate)
        {
            _transactional.Remove(transactionalId, out former);
            _transactional[transactionalId] = producer;
        }

        if (former is not null)
        {
            await former.FenceAsync().WaitAsync(cancellationToken);
        }

        return producer;
    }

    /// <inheritdoc/>
    public IRecordConsumer CreateConsumer(ConsumerOptions options)
    {
        Writer.ThrowIfUnusable();
        if (options.Topics.Count > 0 && options.Group is null)
        {
            throw new ArgumentException("Subscribing to topics needs a group; without one, call Assign.", nameof(options));
        }

        ConsumerGroup? group = null;
        if (options.Group is { } name)
        {
            lock (_gate)
            {
                if (!_groups.TryGetValue(name, out group))
                {
                    _groups[name] = group = new ConsumerGroup(name, _time, Options.PollIntervalMax, Logger);
                }
            }
        }

        return new JournalConsumer(_core, options, group);
    }

    /// <inheritdoc/>
    public ValueTask<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken)
    {
        var topic = _topics.Get(partition);
        return new(new OffsetRange(topic.Low(partition.Partition), topic.Partitions[partition.Partition].Stable));
    }

    /// <inheritdoc/>
    public ValueTask<long?> QueryOffsetForTimeAsync(
        TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken) =>
        new(new RecordFinder(_core, _topics.Get(partition), partition.Partition).AtOrAfter(time.ToUnixTimeMilliseconds()));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryCommittedAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) =>
        new(Commits.Committed(group, partitions));

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        string group, string topic, CancellationToken cancellationToken)
    {
        var found = _topics.Get(topic);
        var partitions = Enumerable.Range(0, found.Spec.Partitions).Select(i => new TopicPartition(topic, i)).ToList();
        var committed = Commits.Committed(group, partitions);
        return new([.. partitions.Select(p => Lag(found, p, committed.TryGetValue(p, out var offset) ? offset.Offset : 0))]);
    }

    /// <inheritdoc/>
    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken) =>
        new([.. next.Select(n => Lag(_topics.Get(n.Key), n.Key, n.Value))]);

    /// <summary>
    /// What maintenance does by itself in intervals: closes old segments, removes what retention lets go, compacts, aborts
    /// transactions open too long and removes silent group members. One at a time.
    /// </summary>
    /// <exception cref="RecordLogException">The log has failed or is closed, or a segment is damaged.</exception>
    public Task MaintainAsync(CancellationToken cancellationToken) => _maintenance.RunAsync(compactAlways: false, cancellationToken);

    /// <summary>
    /// Holds the log as it is at one moment: every file gets a second name below a folder of the same file system (hard links, no bytes are copied). Appends
    /// wait for as long as that takes, some milliseconds. What is appended later shows in the last file of each topic and in the commit file, so
    /// whoever copies them takes the bytes told here and no more.
    /// </summary>
    /// <param name="directory">Folder to be made; it must not be there yet.</param>
    /// <param name="cancellationToken">Ends the wait for maintenance.</param>
    /// <returns>Path of each file below the folder, and its bytes at that moment.</returns>
    /// <exception cref="RecordLogException">The log has failed or is closed.</exception>
    /// <exception cref="IOException">A file cannot be linked.</exception>
    public async Task<IReadOnlyList<(string Path, long Bytes)>> SnapshotAsync(string directory, CancellationToken cancellationToken)
    {
        var files = new List<(string Path, long Bytes)>();
        await _maintenance.HoldAsync(() => Writer.StandStillAsync(() => JournalSnapshot.Link(_files, Options.Directory, directory, files)), cancellationToken);
        return files;
    }

    /// <summary>Reads every byte of the log and checks it.</summary>
    /// <returns>Bytes checked.</returns>
    /// <exception cref="RecordLogException"><see cref="RecordLogError.Damaged"/>, naming file and offset.</exception>
    public long Verify() => _topics.All.Sum(LogVerifier.Verify);

    /// <summary>Writes and syncs what is pending, then closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        await _maintenance.DisposeAsync();
        await Task.Run(Writer.Dispose);
        CloseFiles();
        _lock.Dispose();
    }

    /// <summary>
    /// Removes the oldest segment of a topic of one partition, where that is closed and ends at or below an offset. Beside maintenance, which
    /// must be switched off.
    /// </summary>
    /// <returns>Its bytes; 0 when it stays.</returns>
    internal long RemoveOldestSegment(string topicName, long offset)
    {
        var topic = _topics.Get(topicName);
        if (topic.Segments is not { Length: > 1 } segments || segments[1].BaseOffsets[0] > offset)
        {
            return 0;
        }

        var bytes = Retention.RemoveOldest(topic, _files);
        _files.SyncDirectory(topic.Directory);
        _metrics.Removed(bytes, topicName);
        return bytes;
    }

    /// <summary>Commits offsets for a group without members.</summary>
    internal Task CommitAsync(string group, IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets) =>
        Writer.SubmitAsync(new CommitRequest(null, [new GroupOffsets(group, offsets)]));

    /// <summary>For tests: compaction whether or not it is worthwhile.</summary>
    internal Task CompactAsync(CancellationToken cancellationToken) => _maintenance.RunAsync(compactAlways: true, cancellationToken);

    private (List<ConsumerGroup> Groups, List<JournalTransactionalProducer> Producers) Clients()
    {
        lock (_gate)
        {
            return ([.. _groups.Values], [.. _transactional.Values]);
        }
    }

    internal JournalTopic Topic(string name) => _topics.Get(name);

    private void Forget(JournalTransactionalProducer producer)
    {
        lock (_gate)
        {
            if (_transactional.GetValueOrDefault(producer.TransactionalId) == producer)
            {
                _transactional.Remove(producer.TransactionalId);
            }
        }
    }

    private void LoadTopics()
    {
        _files.CreateDirectory(_topicsDirectory);
        foreach (var directory in _files.ListDirectories(_topicsDirectory))
        {
            if (!TopicSettings.Exists(_files, directory))
            {
                TopicSettings.RemoveUnfinished(_files, directory);
                continue;
            }

            var topic = TopicLoader.Load(_files, directory, TopicSettings.Read(_files, directory), _time, Logger);
            _topics.Add(topic);
            Writer.Add(topic);
        }

        // A topic that the former process had just made, or removed, stays so.
        DiskErrors.SyncDirectory(_files, _topicsDirectory);
        Logger.JournalOpened(Options.Directory, _topics.All.Count, _topics.All.Sum(topic => topic.SizeBytes));
    }

    private PartitionLag Lag(JournalTopic topic, TopicPartition partition, long next)
    {
        var high = topic.Partitions[partition.Partition].Stable;
        var from = Math.Max(next, topic.Low(partition.Partition));
        if (from >= high || new RecordFinder(_core, topic, partition.Partition).From(from) is not var (first, stampedMs))
        {
            return new PartitionLag(partition, 0, TimeSpan.Zero);
        }

        var age = _time.GetUtcNow() - DateTimeOffset.FromUnixTimeMilliseconds(stampedMs);
        return new PartitionLag(partition, high - first, age > TimeSpan.Zero ? age : TimeSpan.Zero);
    }

    private void Ensure(TopicSpec spec)
    {
        if (_topics.Find(spec.Name) is { } topic)
        {
            if (topic.Spec.Partitions != spec.Partitions || topic.Spec.Compacted != spec.Compacted)
            {
                throw new RecordLogException(
                    RecordLogError.TopicMismatch,
                    $"Topic '{spec.Name}' has {topic.Spec.Partitions} partitions (compacted: {topic.Spec.Compacted}), not " +
                    $"{spec.Partitions} (compacted: {spec.Compacted}). Partitions never change: use another name.");
            }

            if (topic.Spec != spec)
            {
                TopicSettings.Write(_files, topic.Directory, spec);
                topic.Spec = spec;
            }

            return;
        }

        if (!TopicSettings.IsValidName(spec.Name) || spec.Partitions < 1)
        {
            throw new RecordLogException(
                RecordLogError.TopicMismatch,
                $"Topic '{spec.Name}' with {spec.Partitions} partitions cannot be: names are 1 to 249 of a-z A-Z 0-9 . _ -, " +
                "partitions at least 1.");
        }

        var directory = Path.Combine(_topicsDirectory, spec.Name);
        _files.CreateDirectory(directory);
        topic = TopicLoader.Load(_files, directory, spec, _time, Logger);
        TopicSettings.Write(_files, directory, spec);
        DiskErrors.SyncDirectory(_files, _topicsDirectory);
        Writer.Add(topic);
        _topics.Add(topic);
    }

    private void CloseFiles()
    {
        foreach (var topic in _topics.All)
        {
            topic.Dispose();
        }

        Commits.Dispose();
        _metrics.Dispose();
    }
}
