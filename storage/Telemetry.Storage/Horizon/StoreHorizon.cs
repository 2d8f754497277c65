using System.Collections.Frozen;
using Telemetry.Contracts.Measurement;

namespace Telemetry.Storage.Horizon;

/// <summary>Why a table holds nothing, or not everything, before its horizon.</summary>
public enum HorizonCause
{
    /// <summary>Nothing has been removed: the table is complete from the beginning.</summary>
    None,

    /// <summary>Retention (TTL) removes what is older.</summary>
    Retention,

    /// <summary>What is older was removed before: retention was shorter, or a month was dropped.</summary>
    Former,

    /// <summary>A whole partition (a month, or a year of the daily rollup) is gone, while another table still knows of it.</summary>
    PartitionGone,
}

/// <summary>One table's horizon.</summary>
/// <param name="CompleteFrom">The table holds everything that was stored with an event time from here on.</param>
/// <param name="Cause">What made it so.</param>
public readonly record struct TableHorizon(DateTimeOffset CompleteFrom, HorizonCause Cause)
{
    /// <summary>The table is complete.</summary>
    public static readonly TableHorizon Always = new(DateTimeOffset.UnixEpoch, HorizonCause.None);
}

/// <summary>
/// From when on each table of the store is complete, as of one moment. Whoever compares tables, plans a query over them, or builds one from
/// another asks this first: before its horizon a table may still hold some rows, but what is missing there is not lost.
/// </summary>
/// <remarks>
/// The horizon knows of retention and of whole partitions that were dropped. It does not know of single rows deleted by hand: to a
/// comparison those are losses.
/// </remarks>
public sealed class StoreHorizon
{
    private readonly FrozenDictionary<StoreTable, TableHorizon> _tables;

    /// <param name="tables">Horizons; tables that are absent are complete.</param>
    /// <param name="askedAt">When, by the store's clock.</param>
    public StoreHorizon(IReadOnlyDictionary<StoreTable, TableHorizon> tables, DateTimeOffset askedAt)
    {
        _tables = tables.ToFrozenDictionary();
        AskedAt = askedAt;
    }

    /// <summary>When the store was asked, by its own clock.</summary>
    public DateTimeOffset AskedAt { get; }

    /// <summary>
    /// From when on the rows of all devices of a sensor, in the minute and hour rollups, count the same readings as those of the series. Null: the store has none.
    /// </summary>
    public DateTimeOffset? FleetsFrom { get; init; }

    /// <summary>The table holds everything stored with an event time at or after this moment, UTC. 1970-01-01 when nothing was ever removed.</summary>
    public DateTimeOffset CompleteFrom(StoreTable table) => Of(table).CompleteFrom;

    /// <summary>The same in microseconds since 1970-01-01T00:00:00Z, as event times are kept.</summary>
    public long CompleteFromMicroseconds(StoreTable table) => UnixMicros.From(CompleteFrom(table));

    /// <summary>Moment and cause.</summary>
    public TableHorizon Of(StoreTable table) => _tables.TryGetValue(table, out var horizon) ? horizon : TableHorizon.Always;

    /// <summary>True: the table is complete from <paramref name="from"/> on.</summary>
    public bool Covers(StoreTable table, DateTimeOffset from) => from >= CompleteFrom(table);
}
