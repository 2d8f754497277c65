namespace Telemetry.Tests.Mqtt;

/// <summary>A clock that moves when it is told to, and fires its timers on the way.</summary>
internal sealed class ManualClock : TimeProvider
{
    private readonly List<Timer> _timers = [];
    private TimeSpan _now;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Timers that were made and not disposed of.</summary>
    public int Timers => _timers.Count;

    public override long GetTimestamp() => _now.Ticks;

    public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch + _now;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(this, () => callback(state), _now + dueTime, period);
        _timers.Add(timer);
        return timer;
    }

    public void Advance(TimeSpan by)
    {
        var until = _now + by;
        while (_timers.MinBy(t => t.Due) is { } next && next.Due <= until)
        {
            _now = next.Due;
            next.Due += next.Period;
            next.Fire();
        }
        _now = until;
    }

    private sealed class Timer(ManualClock clock, Action fire, TimeSpan due, TimeSpan period) : ITimer
    {
        public TimeSpan Due { get; set; } = due;

        public TimeSpan Period { get; } = period;

        public void Fire() => fire();

        public bool Change(TimeSpan dueTime, TimeSpan period) => throw new NotSupportedException("No test changes a timer.");

        public void Dispose() => clock._timers.Remove(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
