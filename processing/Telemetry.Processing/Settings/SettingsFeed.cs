using Microsoft.Extensions.Logging;
using Telemetry.Streams;

namespace Telemetry.Processing.Settings;

/// <summary>Follows the settings topic. Safe for concurrent use.</summary>
public sealed class SettingsFeed : IAsyncDisposable
{
    private const int RecordsMax = 512;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);

    private readonly IRecordLog _log;
    private readonly TopicPartition _partition;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<(long Offset, TaskCompletionSource Reached)> _waiting = [];
    private volatile SettingsBook _book = new();
    private volatile string? _problem;
    private long _position;
    private Task _loop = Task.CompletedTask;

    /// <param name="log">The log.</param>
    /// <param name="topic">The settings topic; it has one partition.</param>
    /// <param name="logger">Told when reading fails.</param>
    /// <param name="time">Clock of pauses.</param>
    public SettingsFeed(IRecordLog log, string topic, ILogger logger, TimeProvider time)
    {
        (_log, _partition, _logger, _time) = (log, new TopicPartition(topic, 0), logger, time);
    }

    /// <summary>What the topic says, as far as it has been read.</summary>
    public SettingsBook Book => _book;

    /// <summary>Why it is not being read; null when it is.</summary>
    public string? Problem => _problem;

    /// <summary>Begins; the topic must exist.</summary>
    public void Start() => _loop = LogFollower.RunAsync(FollowAsync, Failed, Retry, _time, _stop.Token);

    /// <summary>Waits until everything that is on the topic now has been read.</summary>
    /// <exception cref="RecordLogException">The log does not say how far the topic goes.</exception>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var high = (await _log.QueryOffsetsAsync(_partition, cancellationToken)).High;
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_position >= high)
            {
                return;
            }

            _waiting.Add((high, reached));
        }

        await reached.Task.WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        lock (_gate)
        {
            _waiting.ForEach(static waiting => waiting.Reached.TrySetCanceled());
            _waiting.Clear();
        }

        _stop.Dispose();
    }

    /// <summary>Begins anew each time: a book half read and read again would be another one.</summary>
    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var book = new SettingsBook();
        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        var range = await _log.QueryOffsetsAsync(_partition, cancellationToken);
        consumer.Assign([_partition]);
        consumer.Seek(_partition, range.Low);
        while (true)
        {
            var position = consumer.Position(_partition);
            if (position >= range.High)
            {
                _book = book;
                _problem = null;
                Reached(position);
            }

            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                book.Take(records[i].Key.Span, records[i].Value.ToArray());
            }
        }
    }

    private void Reached(long position)
    {
        lock (_gate)
        {
            _position = position;
            foreach (var waiting in _waiting.Where(w => w.Offset <= position))
            {
                waiting.Reached.TrySetResult();
            }

            _waiting.RemoveAll(w => w.Offset <= position);
        }
    }

    private void Failed(Exception error, TimeSpan pause)
    {
        _problem = $"the detector settings cannot be read: {error.Message}";
        ProcessingLog.SettingsFailed(_logger, error, _partition.Topic, pause.TotalSeconds);
    }
}
