namespace Telemetry.Bridge;

/// <summary>Times as readings have them: microseconds since 1970-01-01T00:00:00Z.</summary>
internal static class Micros
{
    public static long Of(DateTimeOffset time) => Of(time - DateTimeOffset.UnixEpoch);

    public static long Of(TimeSpan span) => span.Ticks / TimeSpan.TicksPerMicrosecond;
}
