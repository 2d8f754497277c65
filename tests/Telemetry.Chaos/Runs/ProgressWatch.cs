using Telemetry.Chaos.Cluster;

namespace Telemetry.Chaos.Runs;

/// <summary>Watches how far the fleet and the store are, and how long each stood still at most.</summary>
internal sealed class ProgressWatch(RoleCluster roles, ClickHouseCounts counts)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(0.5);

    /// <summary>Of acknowledgements to devices.</summary>
    public Standstill Acknowledging { get; } = new(TimeProvider.System);

    /// <summary>Of rows in the raw table.</summary>
    public Standstill Storing { get; } = new(TimeProvider.System);

    /// <summary>Newest figures of the fleet.</summary>
    public FleetProgress? Fleet { get; private set; }

    /// <summary>Looks until the token fires.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Interval);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                if (FleetProgress.Read(roles.SimulatorLog) is { } fleet)
                {
                    Fleet = fleet;
                    Acknowledging.Look(fleet.Acked);
                }

                Storing.Look((await counts.ReadAsync(cancellationToken))?[0] ?? 0);
            }
        }
        catch (OperationCanceledException)
        {
            return; // The fleet has stopped.
        }
    }
}
