namespace Telemetry.Query.Parameters;

/// <summary>Event times in [From, To), in microseconds since 1970.</summary>
internal readonly record struct TimeRange(long From, long To)
{
    public long Length => To - From;

    /// <summary>The range whole buckets of <paramref name="step"/> microseconds cover, counted from 1970.</summary>
    public TimeRange Align(long step) => new(Floor(From, step), Ceiling(To, step));

    public static long Floor(long us, long step) => us - (us % step);

    public static long Ceiling(long us, long step) => Floor(us + step - 1, step);
}
