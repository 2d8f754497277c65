using Telemetry.Chaos.Cluster;
using Telemetry.Chaos.Schedules;
using Telemetry.Testing.Faults;

namespace Telemetry.Chaos.Injection;

/// <summary>Makes faults happen on a cluster, and undoes them.</summary>
/// <param name="roles">The roles.</param>
/// <param name="brokers">Brokers of our own; null when Kafka is somebody else's.</param>
/// <param name="registry">A schema registry of our own; null when there is none.</param>
internal sealed class FaultInjector(RoleCluster roles, BrokerCluster? brokers, SchemaRegistryNode? registry) : IDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    /// <summary>
    /// Brokers suffer one at a time. A schedule says so by its times; but a broker may take longer to start than the time to the next
    /// fault, which then waits: two of three gone would be another test, and a start that is killed an error of the runner.
    /// </summary>
    private readonly SemaphoreSlim _brokerTurn = new(1);

    /// <summary>Why a fault cannot be played here; null when it can.</summary>
    public string? SkipReason(Fault fault) => fault.Kind switch
    {
        { NeedsBrokers: true } when brokers is null => "the brokers are not ours",
        { NeedsRegistry: true } when registry is null => "there is no schema registry",
        { NeedsMount: true, Target: TargetKind.Broker } when brokers is not { CanFill: true } => "no right to mount a file system",
        { NeedsMount: true, Target: TargetKind.ClickHouse } when !roles.CanFill => "no right to mount a file system",
        _ => null,
    };

    /// <summary>Plays one fault from begin to end. When the token fires it ends early and is undone all the same.</summary>
    /// <param name="fault">What to play.</param>
    /// <param name="begins">Told when it begins: after those whose turn comes before.</param>
    /// <param name="cancellationToken">Ends it early.</param>
    public async Task PlayAsync(Fault fault, Action begins, CancellationToken cancellationToken)
    {
        if (!fault.Kind.NeedsBrokers)
        {
            begins();
            await PlayNowAsync(fault, cancellationToken);
            return;
        }

        await _brokerTurn.WaitAsync(cancellationToken);
        try
        {
            begins();
            await PlayNowAsync(fault, cancellationToken);
        }
        finally
        {
            _brokerTurn.Release();
        }
    }

    public void Dispose() => _brokerTurn.Dispose();

    private async Task PlayNowAsync(Fault fault, CancellationToken cancellationToken)
    {
        var undo = await BeginAsync(fault);
        try
        {
            switch (fault.Kind.Action)
            {
                case FaultAction.Churn:
                    await new Churn(roles, fault).RunAsync(cancellationToken);
                    break;
                case FaultAction.Reset:
                    await ResetAsync(fault, cancellationToken);
                    break;
                default:
                    await Task.Delay(fault.Duration, cancellationToken);
                    break;
            }
        }
        finally
        {
            await undo();
        }
    }

    private Task<Func<Task>> BeginAsync(Fault fault) => fault.Kind.Target switch
    {
        TargetKind.Broker or TargetKind.Controller => BeginAtBrokerAsync(fault),
        TargetKind.Registry => BeginAtRegistryAsync(fault),
        TargetKind.MqttLink or TargetKind.ClickHouseLink or TargetKind.KafkaLink or TargetKind.RegistryLink => BeginAtLinksAsync(fault),
        _ => BeginAtRoleAsync(fault, roles.Roles.GetValueOrDefault(fault.Target)),
    };

    private async Task<Func<Task>> BeginAtRoleAsync(Fault fault, RoleProcess? role)
    {
        switch (fault.Kind.Action)
        {
            case FaultAction.Kill:
                await role!.KillAsync();
                return role.StartAsync;
            case FaultAction.Stop:
                if (await role!.StopAsync(StopLimit) is null)
                {
                    throw new ChaosException($"{role.Name} did not end within {StopLimit.TotalSeconds:F0} s of SIGTERM");
                }

                return role.StartAsync;
            case FaultAction.Pause:
                role!.Pause();
                return () => Done(role.Resume);
            case FaultAction.Fill:
                roles.Fill();
                return () => Done(roles.Free);
            default:
                return () => Task.CompletedTask; // Churn undoes itself.
        }
    }

    private async Task<Func<Task>> BeginAtBrokerAsync(Fault fault)
    {
        var id = fault.Kind.Target == TargetKind.Controller
            ? await brokers!.ControllerAsync(CancellationToken.None)
            : BrokerCluster.Id(fault.Target);
        switch (fault.Kind.Action)
        {
            case FaultAction.Kill:
                await brokers!.KillAsync(id);
                break;
            case FaultAction.Stop:
                await brokers!.StopAsync(id);
                break;
            case FaultAction.Pause:
                await brokers!.PauseAsync(id);
                break;
            case FaultAction.Fill:
                brokers!.Fill(fault.Target);
                return () =>
                {
                    brokers.Free(fault.Target);
                    return brokers.EnsureRunningAsync(id, CancellationToken.None);
                };
            default:
                throw new InvalidOperationException($"{fault.Kind.Name} is not played on a broker.");
        }

        return () => brokers.EnsureRunningAsync(id, CancellationToken.None);
    }

    private async Task<Func<Task>> BeginAtRegistryAsync(Fault fault)
    {
        await (fault.Kind.Action == FaultAction.Kill ? registry!.KillAsync() : registry!.PauseAsync());
        return () => registry.HealAsync(CancellationToken.None);
    }

    private async Task<Func<Task>> BeginAtLinksAsync(Fault fault)
    {
        var links = Links(fault);
        foreach (var link in links)
        {
            await link.SetAsync(LinkModes.Of(fault));
        }

        return async () =>
        {
            foreach (var link in links)
            {
                await link.SetAsync(LinkMode.Pass);
            }
        };
    }

    private TcpProxy[] Links(Fault fault) => fault.Kind.Target switch
    {
        TargetKind.KafkaLink => [.. brokers!.Links.Where(l => ClusterNames.KafkaLink(l.Key) == fault.Target).Select(l => l.Value)],
        TargetKind.RegistryLink => [registry!.Link],
        _ when fault.Target == ClusterNames.ClickHouseLinks =>
            [.. roles.Links.Where(l => l.Key != ClusterNames.MqttLink).Select(l => l.Value)],
        _ => [roles.Links[fault.Target]],
    };

    private async Task ResetAsync(Fault fault, CancellationToken cancellationToken)
    {
        const double secondsMin = 0.3;
        const double secondsMax = 1.5;
        var random = new Random(fault.Seed);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(fault.Duration);
        while (!end.IsCancellationRequested)
        {
            foreach (var link in Links(fault))
            {
                link.ResetAll();
            }

            var pause = TimeSpan.FromSeconds(secondsMin + (random.NextDouble() * (secondsMax - secondsMin)));
            await Task.Delay(pause, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static Task Done(Action action)
    {
        action();
        return Task.CompletedTask;
    }
}
