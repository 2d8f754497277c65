namespace Telemetry.Edge.Diagnostics;

/// <summary>Lets one log line pass every ten seconds and counts those between: what clients can cause at will must not fill a disk.</summary>
internal sealed class LogThrottle(TimeProvider time)
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long? _passedAt;
    private long _heldBack;

    /// <summary>True when the line may be written.</summary>
    /// <param name="heldBack">Lines held back since the last one that was written.</param>
    public bool TryPass(out long heldBack)
    {
        lock (_gate)
        {
            heldBack = 0;
            if (_passedAt is { } at && time.GetElapsedTime(at) < Interval)
            {
                _heldBack++;
                return false;
            }

            _passedAt = time.GetTimestamp();
            (heldBack, _heldBack) = (_heldBack, 0);
            return true;
        }
    }
}
