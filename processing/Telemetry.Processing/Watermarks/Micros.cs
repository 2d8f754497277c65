using Telemetry.Contracts.Measurement;

namespace Telemetry.Processing.Watermarks;

/// <summary>Microseconds since 1970-01-01T00:00:00Z, kept so small that sums and differences of two never overflow.</summary>
internal static class Micros
{
    /// <summary>Before every time.</summary>
    public const long Never = -(1L << 61);

    /// <summary>9999-12-31T23:59:59.999Z in milliseconds.</summary>
    private const long LatestMs = 253_402_300_799_999;

    /// <summary>An event time as a device sends it, which can be anything.</summary>
    public static long Bounded(long micros) => Math.Clamp(micros, Never + 1, -Never);

    /// <summary>A record's timestamp, at least 0.</summary>
    public static long FromMs(long milliseconds) => BoundedMs(milliseconds) * 1000;

    /// <summary>A record's timestamp between 1970 and 9999.</summary>
    public static long BoundedMs(long milliseconds) => Math.Clamp(milliseconds, 0, LatestMs);

    public static long From(TimeSpan duration) => Math.Min(UnixMicros.From(duration), -Never);
}
