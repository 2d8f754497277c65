using System.Diagnostics.Metrics;
using Google.Protobuf;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Bridge.DeadLetters;

/// <summary>
/// Follows the dead-letter topic and tells how many letters are open, by stage and cause: neither resolved nor gone with the
/// topic's retention. Gauge <c>telemetry.dead_letters.depth</c>. One process of a cluster is enough.
/// </summary>
public sealed class DeadLetterDepth : IAsyncDisposable
{
    /// <summary>Open letters told apart; beyond it the figure stays at this many.</summary>
    public const int CountMax = 200_000;

    private const int RecordsMax = 500;
    private static readonly TimeSpan PollWait = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RetentionLook = TimeSpan.FromSeconds(30);

    private readonly IRecordLog _log;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter = new("Telemetry.Bridge.DeadLetters");
    private readonly Lock _gate = new();
    private readonly Dictionary<DeadLetterId, (string Stage, string Cause)> _open = [];
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;

    public DeadLetterDepth(IRecordLog log, TimeProvider time, ILogger<DeadLetterDepth> logger)
    {
        (_log, _time, _logger) = (log, time, logger);
        _meter.CreateObservableGauge("telemetry.dead_letters.depth", Observe, "{letter}", "Dead letters neither replayed nor expired, by stage and cause.");
    }

    /// <summary>Open letters.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _open.Count;
            }
        }
    }

    /// <summary>Begins; returns at once.</summary>
    public void Start() => _loop = Task.Run(RunAsync);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _meter.Dispose();
        _stop.Dispose();
    }

    private IEnumerable<Measurement<long>> Observe()
    {
        lock (_gate)
        {
            return [.. _open.Values.CountBy(v => v).Select(g => new Measurement<long>(
                g.Value,
                new KeyValuePair<string, object?>("stage", g.Key.Stage),
                new KeyValuePair<string, object?>("cause", g.Key.Cause)))];
        }
    }

    private Task RunAsync() => LogFollower.RunAsync(
        FollowAsync, (error, pause) => Log.DeadLettersNotFollowed(_logger, pause, error), Retry, _time, _stop.Token);

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            _open.Clear();
        }

        await using var consumer = _log.CreateConsumer(new ConsumerOptions());
        var count = await _log.QueryPartitionCountAsync(LogTopics.DeadLetters, cancellationToken);
        var partitions = Enumerable.Range(0, count).Select(i => new TopicPartition(LogTopics.DeadLetters, i)).ToList();
        consumer.Assign(partitions);
        foreach (var partition in partitions)
        {
            consumer.Seek(partition, (await _log.QueryOffsetsAsync(partition, cancellationToken)).Low);
        }

        var looked = _time.GetTimestamp();
        while (true)
        {
            var records = await consumer.PollAsync(RecordsMax, PollWait, cancellationToken);
            for (var i = 0; i < records.Count; i++)
            {
                Take(records[i]);
            }

            if (_time.GetElapsedTime(looked) >= RetentionLook)
            {
                looked = _time.GetTimestamp();
                await ForgetExpiredAsync(partitions, cancellationToken);
            }
        }
    }

    private void Take(in LogRecord record)
    {
        if (!ConfluentFrame.TryRead(record.Value, out _, out var message))
        {
            return;
        }

        try
        {
            var letter = DeadLetter.Parser.ParseFrom(message.Span);
            lock (_gate)
            {
                if (DeadLetterResolution.Is(letter))
                {
                    _open.Remove(new DeadLetterId(letter.SourcePartition, letter.SourceOffset));
                }
                else if (_open.Count < CountMax)
                {
                    _open[new DeadLetterId(record.Partition, record.Offset)] = (letter.Stage, letter.Cause);
                }
            }
        }
        catch (InvalidProtocolBufferException)
        {
            // No letter; ./telemetry dead-letters passes it over as well.
        }
    }

    private async Task ForgetExpiredAsync(List<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        foreach (var partition in partitions)
        {
            var low = (await _log.QueryOffsetsAsync(partition, cancellationToken)).Low;
            lock (_gate)
            {
                foreach (var id in _open.Keys.Where(id => id.Partition == partition.Partition && id.Offset < low).ToList())
                {
                    _open.Remove(id);
                }
            }
        }
    }
}
