namespace Telemetry.Testing.Faults;

/// <summary>What a network link does to the bytes that pass it.</summary>
public abstract record LinkMode
{
    private LinkMode()
    {
    }

    /// <summary>Bytes pass as they come.</summary>
    public static LinkMode Pass { get; } = new PassMode();

    /// <summary>Nobody listens: open connections are reset, new ones refused.</summary>
    public static LinkMode Refuse { get; } = new RefuseMode();

    /// <summary>
    /// Bytes are taken and never delivered. A connection that lost some is reset when the mode ends, because no network
    /// delivers what follows a gap.
    /// </summary>
    public static LinkMode Blackhole { get; } = new BlackholeMode();

    /// <summary>Bytes wait and are delivered, in order, when the mode ends: a partition that TCP outlives.</summary>
    public static LinkMode Hold { get; } = new HoldMode();

    /// <summary>Bytes arrive later by <paramref name="latency"/> plus up to <paramref name="jitter"/>, in order.</summary>
    public static LinkMode Delay(TimeSpan latency, TimeSpan jitter) => new DelayMode(latency, jitter);

    /// <summary>At most <paramref name="bytesPerSecond"/> in each direction of each connection; above zero.</summary>
    public static LinkMode Throttle(int bytesPerSecond)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bytesPerSecond);
        return new ThrottleMode(bytesPerSecond);
    }

    internal sealed record PassMode : LinkMode;

    internal sealed record RefuseMode : LinkMode;

    internal sealed record BlackholeMode : LinkMode;

    internal sealed record HoldMode : LinkMode;

    internal sealed record DelayMode(TimeSpan Latency, TimeSpan Jitter) : LinkMode;

    internal sealed record ThrottleMode(int BytesPerSecond) : LinkMode;
}
