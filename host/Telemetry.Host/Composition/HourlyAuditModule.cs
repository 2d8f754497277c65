using System.Globalization;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Host.Figures;
using Telemetry.Operations.Audit.Hourly;
using Telemetry.Streams;

namespace Telemetry.Host.Composition;

/// <summary>Compares log and store by hour, again and again, behind the checkpoint of storage; tells what differs as metrics and in the log.</summary>
internal sealed class HourlyAuditModule : RoleModule
{
    private readonly PlatformServices _services;
    private readonly HourlyAudit _audit;
    private readonly AuditMetrics _metrics;
    private readonly CancellationTokenSource _stop = new();
    private Task _loop = Task.CompletedTask;
    private IReadOnlyList<HourDifference> _told = [];

    public HourlyAuditModule(PlatformServices services)
        : base("hourly audit")
    {
        _services = services;
        var schedule = services.Options.Audit;
        _metrics = new AuditMetrics(services.Time);
        _audit = new HourlyAudit(
            services.Log,
            services.ClickHouse!,
            services.Schemas ?? (IReadingSchemas)ReleasedReadingSchemas.Instance,
            new HourlyAuditOptions { Hours = schedule.Hours, SequenceBytesMax = schedule.MemoryBytesMax, FutureMax = services.Options.Bridge.FutureMax },
            services.Time);
    }

    /// <inheritdoc/>
    public override IEnumerable<string> Notes => _told.Select(Describe);

    /// <inheritdoc/>
    public override Task StartAsync(CancellationToken cancellationToken) => RunOnOwnThreadsAsync(() =>
    {
        _loop = RunAsync(_stop.Token);
        return Task.CompletedTask;
    });

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stop.CancelAsync();
        await _loop.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <inheritdoc/>
    public override async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _metrics.Dispose();
        _stop.Dispose();
        await base.DisposeAsync();
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_services.Options.Audit.Interval, _services.Time);
        while (await timer.WaitForNextTickAsync(cancellationToken))
        {
            try
            {
                Tell(await _audit.RunAsync(await CheckpointAsync(cancellationToken), cancellationToken));
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested)
            {
                // Log or store does not answer; the next run goes on where this one began.
                HostLog.HoursNotCompared(_services.Logger, error.Message);
            }
        }
    }

    private void Tell(HourlyReport report)
    {
        if (report.NotCompared is { } reason)
        {
            HostLog.HoursNotCompared(_services.Logger, reason);
            return;
        }

        if (report.HoursTooLarge > 0)
        {
            HostLog.HoursTooLarge(_services.Logger, report.HoursTooLarge);
        }

        foreach (var difference in report.Differences.Except(_told))
        {
            HostLog.HourDiffers(_services.Logger, Describe(difference));
        }

        _told = report.Differences;
        _metrics.Take(report);
    }

    /// <summary>What all tables hold: the offsets that storage has committed. A partition without a commit counts from its beginning.</summary>
    private async Task<IReadOnlyDictionary<int, long>> CheckpointAsync(CancellationToken cancellationToken)
    {
        var partitions = Enumerable.Range(0, await _services.Log.QueryPartitionCountAsync(LogTopics.Readings, cancellationToken))
            .Select(p => new TopicPartition(LogTopics.Readings, p)).ToList();
        var committed = await _services.Log.QueryCommittedAsync(_services.Options.Sink.Group, partitions, cancellationToken);
        return partitions.ToDictionary(p => p.Partition, p => committed.TryGetValue(p, out var offset) ? offset.Offset : 0);
    }

    private static string Describe(HourDifference d) => string.Create(
        CultureInfo.InvariantCulture,
        $"audit: the hour {d.Hour:yyyy-MM-ddTHH:mmZ} has {d.Log} readings on the log, {d.Raw} stored, {d.RolledUp} in the hourly rollup: {d.Missing} missing, {d.Excess} too many{(d.ValuesDiffer ? ", and another sum of values" : "")}");
}
