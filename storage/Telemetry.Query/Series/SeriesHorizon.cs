using Telemetry.Contracts.Measurement;
using Telemetry.Query.Setup;
using Telemetry.Storage.ClickHouse;
using Telemetry.Storage.Horizon;

namespace Telemetry.Query.Series;

/// <summary>Says from when on each table of readings is complete, as the store tells; an answer is a few seconds old at most.</summary>
internal sealed class SeriesHorizon(QueryServices services)
{
    private const int UnknownTable = 60;

    private readonly StoreHorizonReader _reader = new(services.ClickHouse, services.Time);

    /// <summary>Every table's, with its cause.</summary>
    /// <exception cref="ClickHouseException">The store cannot be asked.</exception>
    public ValueTask<StoreHorizon> ReadStoreAsync(CancellationToken cancellationToken) => _reader.ReadAsync(cancellationToken);

    public async ValueTask<HeldSince> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            var horizon = await _reader.ReadAsync(cancellationToken);
            return new HeldSince(
                horizon.CompleteFromMicroseconds(StoreTable.Raw),
                horizon.CompleteFromMicroseconds(StoreTable.Minute),
                horizon.CompleteFromMicroseconds(StoreTable.Hour),
                horizon.CompleteFromMicroseconds(StoreTable.Day))
            {
                Fleets = horizon.FleetsFrom is { } fleets ? UnixMicros.From(fleets) : null,
            };
        }
        catch (ClickHouseException error) when (error.Code == UnknownTable)
        {
            // A store whose schema is older than this process: whoever stores brings it up to date. It has never told what it removed.
            return default;
        }
    }
}
