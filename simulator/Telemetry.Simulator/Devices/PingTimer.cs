namespace Telemetry.Simulator.Devices;

/// <summary>
/// When a connection pings, MQTT 5.0 section 3.1.2.10: after silence of three quarters of the interval, because the broker
/// counts from when it received. Times are given by whoever looks; both loops only leave a mark, so a publish costs no clock.
/// </summary>
internal sealed class PingTimer(TimeSpan interval)
{
    private readonly long _intervalUs = (long)interval.TotalMicroseconds;
    private volatile bool _hasSent = true;
    private volatile bool _hasReceived;
    private long _silentSinceUs;
    private long? _pingedAtUs;

    public enum Due
    {
        Nothing,
        Ping,

        /// <summary>Nothing came since the last ping, for a whole interval.</summary>
        End,
    }

    public void Sent() => _hasSent = true;

    public void Received() => _hasReceived = true;

    /// <summary>What is due now. Called by one thread at a time.</summary>
    public Due Look(long nowUs)
    {
        if (_hasSent)
        {
            _hasSent = false;
            _silentSinceUs = nowUs;
        }

        if (_hasReceived)
        {
            _pingedAtUs = null;
        }

        if (_intervalUs == 0)
        {
            return Due.Nothing;
        }

        if (_pingedAtUs is { } pinged)
        {
            return nowUs - pinged >= _intervalUs ? Due.End : Due.Nothing;
        }

        if (nowUs - _silentSinceUs < _intervalUs * 3 / 4)
        {
            return Due.Nothing;
        }

        _hasReceived = false;
        _pingedAtUs = nowUs;
        return Due.Ping;
    }
}
