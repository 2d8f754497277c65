using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;

namespace Telemetry.Operations.Audit;

/// <summary>The store's horizon for commands that may meet a store of an older version and must not change it.</summary>
public static class AuditHorizon
{
    private const int UnknownTable = 60;

    /// <summary>Everything counts as complete where the store does not know its horizon yet.</summary>
    /// <exception cref="ClickHouseException">The store cannot be asked.</exception>
    public static async ValueTask<StoreHorizon> ReadAsync(IClickHouse clickHouse, CancellationToken cancellationToken)
    {
        try
        {
            return await new StoreHorizonReader(clickHouse, TimeProvider.System).ReadNowAsync(cancellationToken);
        }
        catch (ClickHouseException e) when (e.Code == UnknownTable)
        {
            return new StoreHorizon(new Dictionary<StoreTable, TableHorizon>(), TimeProvider.System.GetUtcNow());
        }
    }
}
