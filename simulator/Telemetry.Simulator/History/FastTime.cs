namespace Telemetry.Simulator.History;

/// <summary>A clock that begins at a time of its own and runs faster than the real one; what waits by it waits as much less.</summary>
/// <param name="real">The real clock.</param>
/// <param name="start">What it shows first.</param>
/// <param name="speed">Its seconds in a real one; more than 1.</param>
internal sealed class FastTime(TimeProvider real, DateTimeOffset start, double speed) : TimeProvider
{
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly long _begin = real.GetTimestamp();

    public override long TimestampFrequency => real.TimestampFrequency;

    public override TimeZoneInfo LocalTimeZone => real.LocalTimeZone;

    public override DateTimeOffset GetUtcNow() => start + (real.GetElapsedTime(_begin) * speed);

    public override long GetTimestamp() => (long)((real.GetTimestamp() - _begin) * speed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        new FastTimer(real.CreateTimer(callback, state, Real(dueTime), Real(period)), this);

    private TimeSpan Real(TimeSpan wait) =>
        wait <= TimeSpan.Zero ? wait : wait / speed < ShortestWait ? ShortestWait : wait / speed;

    private sealed class FastTimer(ITimer timer, FastTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(time.Real(dueTime), time.Real(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
