namespace Telemetry.Storage.Sink;

/// <summary>
/// How often the sink writes while nobody reads the store. An INSERT writes about as much to disk for ten rows as for a thousand, and a row of a rollup is written
/// once for all readings of its bucket that came together, so both wait longer then; the log has the readings, and detectors, alarms and live values take
/// them from there.
/// </summary>
internal static class FlushCadence
{
    /// <param name="usual">While somebody reads.</param>
    /// <param name="unread">While nobody does; never shortens the usual one.</param>
    /// <param name="options">When nobody counts as reading.</param>
    /// <param name="lastRead">When the store was last read; null: not known, as if somebody read.</param>
    /// <param name="now">Now.</param>
    /// <returns>How long ago the last write must be.</returns>
    public static TimeSpan Of(TimeSpan usual, TimeSpan unread, SinkOptions options, DateTimeOffset? lastRead, DateTimeOffset now) =>
        unread > usual && lastRead is { } last && now - last > options.UnreadAfter ? unread : usual;
}
