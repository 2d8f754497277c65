using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;

namespace Telemetry.Observability.Lag;

/// <summary>
/// Measures lag and watermarks in intervals and exports them; meter "Telemetry.Host.Lag". While the log does not answer, nothing
/// is exported: no figure is better than an old one.
/// </summary>
public sealed class LagMonitor : IAsyncDisposable
{
    private readonly LagSampler _sampler;
    private readonly TimeSpan _interval;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly Meter _meter = new("Telemetry.Host.Lag");
    private readonly CancellationTokenSource _stopping = new();
    private Task _loop = Task.CompletedTask;
    private volatile LagSample _sample = LagSample.Empty;

    private LagMonitor(LagSampler sampler, TimeSpan interval, ILogger logger, TimeProvider time)
    {
        (_sampler, _interval, _logger, _time) = (sampler, interval, logger, time);
        _meter.CreateObservableGauge(
            "telemetry.log.lag.records",
            () => _sample.Groups.Select(l => new Measurement<long>(
                l.Records, Tag("group", l.Group), Tag("topic", l.Partition.Topic), Tag("partition", l.Partition.Partition))),
            "{record}", "Records on the log that a group has not committed, by partition");
        _meter.CreateObservableGauge(
            "telemetry.log.lag.seconds",
            () => _sample.Groups.Select(l => new Measurement<double>(
                l.Age.TotalSeconds, Tag("group", l.Group), Tag("topic", l.Partition.Topic), Tag("partition", l.Partition.Partition))),
            "s", "Age of the oldest record that a group has not committed, by partition; 0 when there is none");
        _meter.CreateObservableGauge(
            "telemetry.pipeline.watermark.seconds",
            () => _sample.Watermarks.Select(w => new Measurement<double>(
                w.Time.ToUnixTimeMilliseconds() / 1e3, Tag("stage", w.Stage), Tag("partition", w.Partition))),
            "s", "Event time, seconds since 1970, before which every reading that was not late is done; take the least of all partitions");
        _meter.CreateObservableGauge(
            "telemetry.pipeline.watermark.lag.seconds",
            () => _sample.Watermarks.Select(w => new Measurement<double>(
                w.Lag.TotalSeconds, Tag("stage", w.Stage), Tag("partition", w.Partition))),
            "s", "Now less the watermark; Lag:AllowedDelay when everything is done");
    }

    /// <summary>The newest figures; empty before the first and while the log does not answer.</summary>
    public LagSample Sample => _sample;

    /// <summary>Begins to measure.</summary>
    /// <param name="sampler">Reads the figures.</param>
    /// <param name="interval">How often.</param>
    /// <param name="logger">For failures.</param>
    /// <param name="time">Clock.</param>
    public static LagMonitor Start(LagSampler sampler, TimeSpan interval, ILogger logger, TimeProvider time)
    {
        var monitor = new LagMonitor(sampler, interval, logger, time);
        monitor._loop = monitor.RunSampleLoopAsync(monitor._stopping.Token);
        return monitor;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _meter.Dispose();
        _stopping.Dispose();
    }

    private async Task RunSampleLoopAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_interval, _time);
        var failing = false;
        do
        {
            try
            {
                _sample = await _sampler.SampleAsync(cancellationToken);
                failing = false;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                _sample = LagSample.Empty;
                if (!failing)
                {
                    Log.LagFailed(_logger, _interval.TotalSeconds, e);
                }

                failing = true;
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private static KeyValuePair<string, object?> Tag(string name, object value) => new(name, value);
}
