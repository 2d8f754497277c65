using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Telemetry.Chaos.Cluster;
using Telemetry.Chaos.Injection;
using Telemetry.Chaos.Reports;
using Telemetry.Chaos.Schedules;

namespace Telemetry.Chaos.Runs;

/// <summary>
/// Plays one schedule on a cluster of roles: start, load, faults, heal, stop the fleet, drain, stop the roles, audit. Nothing
/// acknowledged may be lost, nothing stored twice; and everything must have come back by itself.
/// </summary>
internal sealed class ScheduleRun(Schedule schedule, RoleCluster roles, Surroundings around, Action<string> say) : IDisposable
{
    /// <summary>Below this the run has proved nothing.</summary>
    private const long AckedMin = 1000;

    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan FleetStopLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan DrainLimit = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan MessageLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan RoleStopLimit = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan AuditLimit = TimeSpan.FromSeconds(180);
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(250);

    private readonly List<string> _failures = [];
    private readonly ConcurrentDictionary<Fault, long> _begun = [];
    private readonly FaultInjector _injector = new(roles, around.Brokers, around.Registry);
    private readonly ClickHouseCounts _counts = new(roles.ClickHouse);
    private TimeSpan _drain;
    private AuditFigures? _audit;
    private long _messages;

    public async Task<ScheduleResult> RunAsync(CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        var watch = new ProgressWatch(roles, _counts);
        try
        {
            await RunPhasesAsync(watch, cancellationToken);
        }
        catch (ChaosException e)
        {
            _failures.Add(e.Message);
        }

        return new ScheduleResult
        {
            Seed = schedule.Seed,
            Faults = [.. schedule.Faults.Select(f => Played(f, watch))],
            Failures = _failures,
            Audit = _audit,
            LongestUnacknowledged = Seconds(watch.Acknowledging.Longest),
            LongestUnstored = Seconds(watch.Storing.Longest),
            Drain = Seconds(_drain),
            Messages = _messages,
            Reconnects = watch.Fleet?.Reconnects ?? 0,
            SelfExits = [.. roles.All.SelectMany(r => r.SelfExits)],
            Seconds = Seconds(Stopwatch.GetElapsedTime(started)),
        };
    }

    public void Dispose()
    {
        _injector.Dispose();
        _counts.Dispose();
    }

    private async Task RunPhasesAsync(ProgressWatch watch, CancellationToken cancellationToken)
    {
        await roles.StartAsync();
        await roles.WaitReadyAsync(ReadyLimit, cancellationToken);
        var simulator = roles.Roles[ClusterNames.Simulator];
        await simulator.StartAsync();
        await WaitAsync("the first acknowledgement", ReadyLimit, () => FleetProgress.Read(roles.SimulatorLog)?.Acked > 0, cancellationToken);
        using (var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            var watching = watch.RunAsync(end.Token);
            try
            {
                await using var messages = new MessageCheck(roles.Links[ClusterNames.MqttLink].EndPoint.Port);
                messages.Start();
                await PlayAsync(cancellationToken);
                await HealAsync(cancellationToken);
                _failures.AddRange(await messages.FinishAsync(MessageLimit, cancellationToken));
                _messages = messages.Acknowledged;
                await StopFleetAsync(simulator);
            }
            finally
            {
                await end.CancelAsync();
                await watching;
            }
        }

        var drainBegin = Stopwatch.GetTimestamp();
        var drained = await DrainAsync(cancellationToken);
        _drain = Stopwatch.GetElapsedTime(drainBegin);
        await StopRolesAsync();
        await AuditAsync(drained, cancellationToken);
        await roles.Roles[ClusterNames.ClickHouse].StopAsync(RoleStopLimit);
    }

    private async Task PlayAsync(CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var plays = schedule.Faults.Select(async fault =>
        {
            if (_injector.SkipReason(fault) is { } reason)
            {
                say($"{fault}   skipped: {reason}");
                return;
            }

            if (fault.At - Stopwatch.GetElapsedTime(begin) is { Ticks: > 0 } wait)
            {
                await Task.Delay(wait, cancellationToken);
            }

            say(fault.ToString());
            await _injector.PlayAsync(fault, () => _begun[fault] = Stopwatch.GetTimestamp(), cancellationToken);
        }).ToList();
        await Task.WhenAll(plays);
        if (schedule.Length - Stopwatch.GetElapsedTime(begin) is { Ticks: > 0 } rest)
        {
            await Task.Delay(rest, cancellationToken);
        }
    }

    /// <summary>Everything is put right, and the roles must be ready again by themselves.</summary>
    private async Task HealAsync(CancellationToken cancellationToken)
    {
        await around.HealAsync(cancellationToken);
        await roles.HealAsync();
        await roles.WaitReadyAsync(HealLimit, cancellationToken);
    }

    private async Task StopFleetAsync(RoleProcess simulator)
    {
        if (!simulator.IsRunning || simulator.SelfExits.Count > 0)
        {
            throw new ChaosException($"the simulator ended by itself: {LogTail.LastLine(simulator.Log)}");
        }

        if (await simulator.StopAsync(FleetStopLimit) is not 0)
        {
            throw new ChaosException($"the simulator did not end in good order: {LogTail.LastLine(simulator.Log)}");
        }
    }

    /// <summary>The roles alone must store and process everything; the audit would finish it for them and hide that they did not.</summary>
    /// <returns>True when nothing is left.</returns>
    private async Task<bool> DrainAsync(CancellationToken cancellationToken)
    {
        var acked = FleetProgress.Read(roles.SimulatorLog)?.Acked ?? 0;
        using var topics = new BrokerTopics(around.Bootstrap);
        using var timer = new PeriodicTimer(LookInterval);
        var begin = Stopwatch.GetTimestamp();
        while (true)
        {
            var counts = await _counts.ReadAsync(cancellationToken);
            var stored = counts is not null && counts[0] >= acked && counts.All(c => c == counts[0]);
            var lag = stored ? await topics.LagAsync(roles.ProcessingGroup) : 0;
            if (stored && lag == 0)
            {
                return true;
            }

            if (Stopwatch.GetElapsedTime(begin) > DrainLimit)
            {
                _failures.Add(string.Create(
                    CultureInfo.InvariantCulture,
                    $"not drained {DrainLimit.TotalSeconds:F0} s after the fleet: {acked} acknowledged, stored {string.Join('/', counts ?? [])} (raw and rollups), {lag} records not processed"));
                return false; // The audit still tells whether anything is lost.
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private async Task StopRolesAsync()
    {
        var consumers = roles.All.Where(r => r.Name is not (ClusterNames.ClickHouse or ClusterNames.Simulator));
        var killed = await roles.StopAsync(consumers, RoleStopLimit);
        _failures.AddRange(killed.Select(name => string.Create(
            CultureInfo.InvariantCulture, $"{name} did not end within {RoleStopLimit.TotalSeconds:F0} s of SIGTERM")));
    }

    private async Task AuditAsync(bool drained, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AuditLimit);
        try
        {
            var (_, output, errors) = await ShellCommand.RunAsync(roles.AuditCommand(drain: !drained), limit.Token);
            await File.WriteAllTextAsync(roles.AuditFile, output + errors, cancellationToken);
            var json = output.IndexOf('{', StringComparison.Ordinal);
            _audit = json < 0
                ? throw new ChaosException($"the audit failed: {errors.Trim()}{output.Trim()}")
                : JsonSerializer.Deserialize<AuditFigures>(output[json..], ChaosReport.Json)!;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ChaosException($"the audit did not end within {AuditLimit.TotalSeconds:F0} s");
        }

        if (_audit.Lost + _audit.Doubled + _audit.Unexplained > 0)
        {
            _failures.Add($"the audit found differences: {string.Join("; ", _audit.Differences.Take(5))}");
        }

        if (_audit.Acked < AckedMin)
        {
            _failures.Add($"only {_audit.Acked} readings were acknowledged: the run has proved nothing");
        }
    }

    /// <summary>A fault, and how long things stood still from its begin to the begin of the next one.</summary>
    private PlayedFault Played(Fault fault, ProgressWatch watch)
    {
        if (!_begun.TryGetValue(fault, out var from))
        {
            return PlayedFault.From(fault, _injector.SkipReason(fault) ?? "the schedule failed before");
        }

        var later = _begun.Values.Where(b => b > from).ToList();
        long? to = later.Count > 0 ? later.Min() : null;
        return PlayedFault.From(fault, skipped: null) with
        {
            Unacknowledged = Seconds(watch.Acknowledging.LongestBetween(from, to)),
            Unstored = Seconds(watch.Storing.LongestBetween(from, to)),
        };
    }

    private static async Task WaitAsync(string what, TimeSpan limit, Func<bool> there, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(LookInterval);
        var begin = Stopwatch.GetTimestamp();
        while (!there())
        {
            if (Stopwatch.GetElapsedTime(begin) > limit)
            {
                throw new ChaosException($"{what} did not come within {limit.TotalSeconds:F0} s");
            }

            await timer.WaitForNextTickAsync(cancellationToken);
        }
    }

    private static double Seconds(TimeSpan time) => Math.Round(time.TotalSeconds, 1);
}
