using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Host.Metrics;
using Telemetry.Query.Health;
using Telemetry.Storage.Sink;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>
/// Samples the platform's figures once a second, so that rates and recent quantiles can be read at any time: by the API,
/// the console, the live view and the report.
/// </summary>
internal sealed class PipelineSampler : IPipelineHealth, IAsyncDisposable
{
    /// <summary>Rates are over this many seconds, latencies over <see cref="LatencySeconds"/>.</summary>
    private const int RateSeconds = 5;

    private const int LatencySeconds = 60;
    private const string PubackInstrument = "telemetry.edge.puback.duration";

    private readonly Platform _platform;
    private readonly TimeProvider _time;
    private readonly IReadOnlyList<string> _roles;
    private readonly Queue<Sample> _samples = new();
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private volatile PipelineHealth _health;

    public PipelineSampler(Platform platform, Roles roles, TimeProvider time)
    {
        _platform = platform;
        _time = time;
        _roles = [.. Enum.GetValues<Roles>().Where(r => r is not Roles.None and not Roles.All && roles.HasFlag(r)).Select(Name)];
        _health = new PipelineHealth { Roles = _roles };
    }

    /// <summary>The newest look.</summary>
    public PipelineHealth Health => _health;

    public void Start() => _loop = RunAsync(_stopping.Token);

    public ValueTask<PipelineHealth> ReadAsync(CancellationToken cancellationToken) => ValueTask.FromResult(_health);

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private static string Name(Roles role) => role.ToString().ToLowerInvariant();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1), _time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                await SampleAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                HostLog.SamplingFailed(_platform.Logger, e);
            }
        }
    }

    private async Task SampleAsync(CancellationToken cancellationToken)
    {
        var metrics = _platform.Metrics;
        metrics.Refresh();
        var now = new Sample(
            _time.GetTimestamp(),
            metrics.Sum("telemetry.bridge.publishes.received"),
            metrics.Sum("telemetry.bridge.readings.stored"),
            metrics.Sum("telemetry.storage.readings.stored"),
            metrics.Sum("telemetry.storage.readings.rolled_up"),
            metrics.Sum("telemetry.processing.anomalies"),
            metrics.Buckets(PubackInstrument),
            _platform.Sink?.EndToEnd.Snapshot() ?? []);
        _samples.Enqueue(now);
        while (_samples.Count > LatencySeconds + 1)
        {
            _samples.Dequeue();
        }

        var oldest = _samples.Peek();
        var recent = _samples.ElementAt(Math.Max(0, _samples.Count - 1 - RateSeconds));
        var seconds = _time.GetElapsedTime(recent.Timestamp, now.Timestamp).TotalSeconds;
        _health = new PipelineHealth
        {
            Roles = _roles,
            Rates = seconds <= 0 ? new PipelineRates() : new PipelineRates(
                (now.Received - recent.Received) / seconds,
                (now.Acked - recent.Acked) / seconds,
                (now.Stored - recent.Stored) / seconds,
                (now.RolledUp - recent.RolledUp) / seconds,
                (now.Anomalies - recent.Anomalies) / seconds),
            Lag = await ReadLagAsync(cancellationToken),
            Latency = new PipelineLatency(
                BucketQuantiles.Of(now.Puback, oldest.Puback),
                Quantiles(now.EndToEnd, oldest.EndToEnd)),
            Connections = (long)metrics.Sum("telemetry.edge.connections"),
            DeadLetters = (long)metrics.Sum("telemetry.bridge.publishes.rejected"),
            Duplicates = (long)metrics.Sum("telemetry.storage.readings.duplicates"),
        };
    }

    private async ValueTask<IReadOnlyList<PipelineLag>> ReadLagAsync(CancellationToken cancellationToken)
    {
        var lags = new List<PipelineLag>();
        if (_platform.ProcessingGroup is { } processing)
        {
            foreach (var lag in await _platform.Log.QueryLagAsync(processing, KafkaTopics.Readings, cancellationToken))
            {
                lags.Add(new PipelineLag(processing, lag.Partition.Topic, lag.Partition.Partition, lag.Records, lag.Time.TotalSeconds));
            }
        }

        if (_platform is { StorageGroup: { } storage, Sink: { } sink })
        {
            foreach (var progress in sink.Progress)
            {
                lags.Add(await ReadRawLagAsync(storage, progress, cancellationToken));
            }
        }

        return lags;
    }

    /// <summary>
    /// Storage commits its offsets only with each checkpoint, every few seconds; what users wait for is the raw table.
    /// </summary>
    private async ValueTask<PipelineLag> ReadRawLagAsync(string group, SinkProgress progress, CancellationToken cancellationToken)
    {
        var place = new TopicPartition(KafkaTopics.Readings, progress.Partition);
        var high = (await _platform.Log.QueryOffsetsAsync(place, cancellationToken)).High;
        var records = Math.Max(0, high - progress.RawNext);
        var newest = progress.NewestEventTimeMicroseconds;
        var age = records == 0 || newest == 0
            ? 0
            : Math.Max(0, (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).TotalSeconds - (newest / 1e6));
        return new PipelineLag(group, place.Topic, place.Partition, records, age);
    }

    private static LatencyQuantiles? Quantiles(long[] now, long[] before)
    {
        if (now.Length == 0 || now.Length != before.Length)
        {
            return null;
        }

        var counts = new long[now.Length];
        for (var i = 0; i < counts.Length; i++)
        {
            counts[i] = now[i] - before[i];
        }

        return LatencyHistogram.Quantile(counts, 1) == TimeSpan.Zero ? null : new LatencyQuantiles(
            LatencyHistogram.Quantile(counts, 0.5).TotalMilliseconds,
            LatencyHistogram.Quantile(counts, 0.95).TotalMilliseconds,
            LatencyHistogram.Quantile(counts, 0.99).TotalMilliseconds);
    }

    private sealed record Sample(
        long Timestamp, double Received, double Acked, double Stored, double RolledUp, double Anomalies, long[] Puback, long[] EndToEnd);
}
