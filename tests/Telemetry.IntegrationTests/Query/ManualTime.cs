namespace Telemetry.IntegrationTests.Query;

/// <summary>The real clock's timers with a time of day that stands still until it is set.</summary>
internal sealed class ManualTime(DateTimeOffset now) : TimeProvider
{
    private long _ticks = now.UtcTicks;

    public override DateTimeOffset GetUtcNow() => new(Volatile.Read(ref _ticks), TimeSpan.Zero);

    public void Set(DateTimeOffset time) => Volatile.Write(ref _ticks, time.UtcTicks);
}
