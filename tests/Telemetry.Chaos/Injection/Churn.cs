using Telemetry.Chaos.Cluster;
using Telemetry.Chaos.Schedules;

namespace Telemetry.Chaos.Injection;

/// <summary>Instances come and go: a rebalance storm. Half leave in good order, half are killed.</summary>
internal sealed class Churn(RoleCluster roles, Fault fault)
{
    private const double StaySecondsMin = 2.5;
    private const double StaySecondsMax = 5;
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(40);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var random = new Random(fault.Seed);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        end.CancelAfter(fault.Duration);
        while (!end.IsCancellationRequested)
        {
            var role = await roles.AddAsync(fault.Kind.Target);
            var stay = TimeSpan.FromSeconds(StaySecondsMin + (random.NextDouble() * (StaySecondsMax - StaySecondsMin)));
            var orderly = random.Next(2) == 0;
            await Task.Delay(stay, end.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!orderly)
            {
                await role.KillAsync();
            }
            else if (await role.StopAsync(StopLimit) is null)
            {
                throw new ChaosException($"{role.Name} did not end within {StopLimit.TotalSeconds:F0} s of SIGTERM");
            }
        }
    }
}
