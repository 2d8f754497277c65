namespace Telemetry.IntegrationTests.Edge;

/// <summary>Stands still until it is put forward; the broker's tick runs then, and is done when <see cref="Advance"/> returns.</summary>
internal sealed class StepClock : TimeProvider
{
    private readonly DateTimeOffset _start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly List<Action> _ticks = [];
    private long _elapsed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Volatile.Read(ref _elapsed);

    public override DateTimeOffset GetUtcNow() => _start.AddTicks(GetTimestamp());

    /// <summary>Timeouts (one shot) run by the real clock, so that a hanging test still ends.</summary>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (period == Timeout.InfiniteTimeSpan)
        {
            return base.CreateTimer(callback, state, dueTime, period);
        }

        _ticks.Add(() => callback(state));
        return base.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public void Advance(TimeSpan time)
    {
        Interlocked.Add(ref _elapsed, time.Ticks);
        foreach (var tick in _ticks)
        {
            tick();
        }
    }
}
