using System.Globalization;
using Telemetry.Chaos.Cluster;
using Telemetry.Chaos.Reports;
using Telemetry.Chaos.Schedules;
using Telemetry.Testing;
using Telemetry.Testing.Processes;

namespace Telemetry.Chaos.Runs;

/// <summary>
/// Plays seed after seed. The brokers are kept from one schedule to the next as long as all goes well; topics, consumer groups
/// and roles are new each time. Whatever happens, every process started here has ended when this has.
/// </summary>
internal sealed class ChaosRun(ChaosOptions options, string data, ProcessRegister register, Action<string> say) : IAsyncDisposable
{
    private readonly string? _external = Environment.GetEnvironmentVariable("TELEMETRY_KAFKA") is { Length: > 0 } servers ? servers : null;
    private readonly IReadOnlyList<FaultKind> _kinds = FaultCatalogue.Select(options.Only);
    private BrokerCluster? _brokers;
    private SchemaRegistryNode? _registry;
    private int _clusters;
    private bool _topicsAreOurs;

    public IEnumerable<Schedule> Schedules()
    {
        var generator = new ScheduleGenerator(options.Shape, _kinds);
        return Enumerable.Range(options.Seed, options.Schedules).Select(seed => generator.Generate(seed, options.Length, options.Faults));
    }

    /// <summary>Plays one; its data are gone afterwards unless it failed.</summary>
    public async Task<ScheduleResult> PlayAsync(Schedule schedule, CancellationToken cancellationToken)
    {
        var folder = Path.Combine(data, string.Create(CultureInfo.InvariantCulture, $"seed-{schedule.Seed}"));
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        var around = await SurroundAsync(cancellationToken);
        var cluster = new ClusterOptions(
            options.Host, folder, around.Bootstrap, around.Registry?.Url, options.Shape, schedule.Seed, options.Devices, options.Rate,
            SmallDisk: _kinds.Any(k => k is { NeedsMount: true, Target: TargetKind.ClickHouse }));
        ScheduleResult result;
        await using (var roles = await RoleCluster.CreateAsync(cluster, register))
        {
            using var run = new ScheduleRun(schedule, roles, around, say);
            result = await run.RunAsync(cancellationToken);
            if (!result.Passed)
            {
                await roles.KeepDiskAsync();
            }
        }

        if (result.Passed)
        {
            KeepLogsOnly(folder, keep: result.SelfExits.Count > 0);
            return result;
        }

        await KeepBrokersAsync(Path.Combine(folder, "kafka"));
        return result with { Data = folder, Replay = options.Replay(schedule.Seed) };
    }

    /// <summary>What passed leaves nothing, unless a process ended by itself: its last words stay.</summary>
    private static void KeepLogsOnly(string folder, bool keep)
    {
        foreach (var part in Directory.EnumerateDirectories(folder).Where(d => !keep || Path.GetFileName(d) != "logs"))
        {
            Directory.Delete(part, recursive: true);
        }

        if (!keep)
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        if (_brokers is not null)
        {
            await _brokers.DisposeAsync();
        }
        else if (_external is not null && _topicsAreOurs)
        {
            using var topics = new BrokerTopics(_external);
            await topics.DeleteAllAsync(CancellationToken.None);
        }
    }

    /// <summary>Empty topics on brokers that run, and a registry where faults of it are to be played and there is one.</summary>
    private async Task<Surroundings> SurroundAsync(CancellationToken cancellationToken)
    {
        if (_external is null && _brokers is null)
        {
            var script = KafkaCluster.ScriptPath
                ?? throw new ChaosException($"{KafkaCluster.MissingReason()}. Without Kafka there is ./telemetry chaos --single.");
            say($"starting {options.Brokers} brokers");
            _brokers = await BrokerCluster.StartAsync(
                script,
                Path.Combine(data, string.Create(CultureInfo.InvariantCulture, $"kafka-{++_clusters}")),
                options.Brokers,
                smallDisks: _kinds.Any(k => k is { NeedsMount: true, Target: TargetKind.Broker }),
                register,
                cancellationToken);
        }

        var bootstrap = _external ?? _brokers!.Bootstrap;
        using var topics = new BrokerTopics(bootstrap);
        if (_external is not null && !_topicsAreOurs && topics.Ours().Count > 0)
        {
            throw new ChaosException(
                $"{_external} has topics already ({string.Join(", ", topics.Ours())}), and this run would delete them: give another cluster.");
        }

        _topicsAreOurs = true;
        await topics.DeleteAllAsync(cancellationToken);
        if (_registry is null && _kinds.Any(k => k.NeedsRegistry)
            && File.Exists(Path.Combine(Path.GetDirectoryName(options.Host)!, "Telemetry.SchemaRegistry.dll")))
        {
            _registry = await SchemaRegistryNode.TryStartAsync(Path.Combine(data, "registry"), register, cancellationToken);
        }

        return new Surroundings(bootstrap, _brokers, _registry);
    }

    /// <summary>A failed schedule keeps its log for whoever looks into it; the next one begins on new brokers.</summary>
    private async Task KeepBrokersAsync(string folder)
    {
        if (_brokers is not null)
        {
            await _brokers.KeepAsync(folder);
            await _brokers.DisposeAsync();
            _brokers = null;
        }
    }
}
