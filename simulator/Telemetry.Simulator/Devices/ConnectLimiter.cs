namespace Telemetry.Simulator.Devices;

/// <summary>Lets so many connections begin a second, evenly: a bucket of a tenth of a second. Used by one scheduler.</summary>
internal sealed class ConnectLimiter(double perSecond)
{
    private readonly double _depth = Math.Max(1, perSecond / 10);
    private double _tokens = 1;
    private long _lastUs;

    public bool TryTake(long nowUs)
    {
        _tokens = Math.Min(_depth, _tokens + ((nowUs - _lastUs) * perSecond / 1e6));
        _lastUs = nowUs;
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
