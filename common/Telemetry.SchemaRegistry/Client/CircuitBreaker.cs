namespace Telemetry.SchemaRegistry.Client;

/// <summary>
/// Closed while the registry answers. A failure opens it for a pause that doubles with each further one: in the pause nothing
/// is asked, so a registry that hangs costs one timeout a pause and not one a call. After the pause one request goes through;
/// its outcome closes or opens again. Safe for concurrent use.
/// </summary>
internal sealed class CircuitBreaker(TimeSpan pauseMin, TimeSpan pauseMax, TimeProvider time)
{
    private readonly Lock _gate = new();
    private TimeSpan _pause;
    private long _openedAt;
    private bool _probing;

    /// <summary>Zero: a request may go now, and its outcome must be told. Else how long to wait.</summary>
    public TimeSpan TryEnter()
    {
        lock (_gate)
        {
            if (_pause == TimeSpan.Zero)
            {
                return TimeSpan.Zero;
            }

            var left = _pause - time.GetElapsedTime(_openedAt);
            if (left > TimeSpan.Zero || _probing)
            {
                return left > TimeSpan.Zero ? left : pauseMin;
            }

            _probing = true;
            return TimeSpan.Zero;
        }
    }

    /// <summary>The registry has answered, be it with an error of ours.</summary>
    public void Succeeded()
    {
        lock (_gate)
        {
            _pause = TimeSpan.Zero;
            _probing = false;
        }
    }

    /// <summary>The registry has not answered. Returns the pause.</summary>
    public TimeSpan Failed()
    {
        lock (_gate)
        {
            // Requests that were under way together count as one failure.
            if (_pause == TimeSpan.Zero || _probing)
            {
                var doubled = _pause * 2;
                _pause = _pause == TimeSpan.Zero ? pauseMin : doubled < pauseMax ? doubled : pauseMax;
                _openedAt = time.GetTimestamp();
            }

            _probing = false;
            return _pause;
        }
    }

    /// <summary>The request was given up before there was an outcome.</summary>
    public void Abandoned()
    {
        lock (_gate)
        {
            _probing = false;
        }
    }
}
