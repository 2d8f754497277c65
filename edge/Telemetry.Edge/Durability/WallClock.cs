using Telemetry.Edge.Timing;

namespace Telemetry.Edge.Durability;

/// <summary>Between the broker's clock, which begins with the process, and the time of day that records carry.</summary>
internal sealed class WallClock(TimerWheel wheel, TimeProvider time)
{
    /// <summary>Milliseconds since 1970.</summary>
    public long NowMs => time.GetUtcNow().ToUnixTimeMilliseconds();

    /// <summary>A time on the broker's clock as milliseconds since 1970; 0 for never.</summary>
    public long ToUnixMs(long brokerTime) => brokerTime == long.MaxValue ? 0 : NowMs + (brokerTime - wheel.Now);

    /// <summary>The reverse of <see cref="ToUnixMs"/>.</summary>
    public long ToBrokerTime(long unixMs) => unixMs == 0 ? long.MaxValue : wheel.Now + (unixMs - NowMs);
}
