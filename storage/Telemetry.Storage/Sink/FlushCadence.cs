namespace Telemetry.Storage.Sink;

/// <summary>
/// How often readings are stored. An INSERT writes about as much to disk for ten readings as for a thousand, so few readings wait longer while
/// nobody asks for them; the log has them, and detectors and live values take them from there.
/// </summary>
internal static class FlushCadence
{
    /// <param name="options">Intervals.</param>
    /// <param name="rows">Readings that wait.</param>
    /// <param name="lastRead">When the store was last read; null: not known.</param>
    /// <param name="now">Now.</param>
    /// <returns>How long ago the last INSERT must be.</returns>
    public static TimeSpan Of(SinkOptions options, int rows, DateTimeOffset? lastRead, DateTimeOffset now) =>
        lastRead is { } last && now - last > options.UnreadAfter && rows < options.RawRowsUnread && options.RawFlushIntervalUnread > options.RawFlushInterval
            ? options.RawFlushIntervalUnread
            : options.RawFlushInterval;
}
