namespace Telemetry.Streams.StoreAndForward;

/// <summary>The rate budget of the backlog.</summary>
internal sealed class DrainPace(long bytesPerSecond, TimeProvider time)
{
    /// <summary>So much may be sent ahead of the pace.</summary>
    private static readonly TimeSpan Burst = TimeSpan.FromMilliseconds(50);

    private TimeSpan _ahead;
    private long _last = time.GetTimestamp();
    private long _arriving;

    /// <summary>Bytes a second that come in.</summary>
    public void Arriving(long perSecond) => Volatile.Write(ref _arriving, perSecond);

    /// <summary>Counts bytes sent; waits when they are ahead of the pace.</summary>
    public Task SentAsync(int bytes, CancellationToken cancellationToken)
    {
        if (bytesPerSecond == 0)
        {
            return Task.CompletedTask;
        }

        var now = time.GetTimestamp();
        _ahead -= time.GetElapsedTime(_last, now);
        _last = now;
        _ahead = (_ahead > TimeSpan.Zero ? _ahead : TimeSpan.Zero) + TimeSpan.FromSeconds(bytes / (double)Math.Max(bytesPerSecond, 2 * Volatile.Read(ref _arriving)));
        return _ahead > Burst ? Task.Delay(_ahead, time, cancellationToken) : Task.CompletedTask;
    }
}
