namespace Telemetry.Storage.Blocks;

/// <summary>Calendar months as ClickHouse's toYYYYMM writes them, from microseconds since 1970-01-01T00:00:00Z.</summary>
internal static class Months
{
    /// <summary>First event time that can be stored: 1970-01-01T00:00:00Z.</summary>
    public const long TimeMin = 0;

    /// <summary>First event time beyond what can be stored: 2106-01-01T00:00:00Z (DateTime is 32 bits of seconds).</summary>
    public const long TimeEnd = 4_291_747_200_000_000;

    /// <summary>For example 202601.</summary>
    public static int Of(long microseconds)
    {
        var date = DateTime.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);
        return (date.Year * 100) + date.Month;
    }

    /// <summary>The month's first microsecond and that of the next one.</summary>
    public static (long From, long To) Bounds(int month)
    {
        var from = new DateTime(month / 100, month % 100, 1, 0, 0, 0, DateTimeKind.Utc);
        return (Microseconds(from), Microseconds(from.AddMonths(1)));
    }

    private static long Microseconds(DateTime date) => (date - DateTime.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
