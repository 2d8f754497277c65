namespace Telemetry.Contracts.Measurement;

/// <summary>Microseconds since 1970-01-01T00:00:00Z, the unit of every time on the log and in the store.</summary>
public static class UnixMicros
{
    /// <summary>Microseconds of an hour.</summary>
    public const long PerHour = 3_600_000_000;

    public static long From(DateTimeOffset time) => (time.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / TimeSpan.TicksPerMicrosecond;

    /// <summary>A duration in microseconds.</summary>
    public static long From(TimeSpan duration) => duration.Ticks / TimeSpan.TicksPerMicrosecond;

    /// <exception cref="ArgumentOutOfRangeException">Not between the years 1 and 9999.</exception>
    public static DateTimeOffset ToTime(long micros) => DateTimeOffset.UnixEpoch.AddTicks(checked(micros * TimeSpan.TicksPerMicrosecond));
}
