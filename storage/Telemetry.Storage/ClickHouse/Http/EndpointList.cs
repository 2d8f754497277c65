namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>The servers to choose from: one until it fails, then the next.</summary>
internal sealed class EndpointList(ClickHouseHttpOptions options)
{
    private readonly Uri[] _endpoints = [options.Endpoint, .. options.OtherEndpoints];
    private int _current;

    public int Count => _endpoints.Length;

    public Uri Current => _endpoints[(uint)Volatile.Read(ref _current) % _endpoints.Length];

    /// <summary>This one cannot be reached. Whoever notes it first moves everyone on.</summary>
    public void Failed(Uri endpoint)
    {
        var current = Volatile.Read(ref _current);
        if (_endpoints[(uint)current % _endpoints.Length] == endpoint)
        {
            Interlocked.CompareExchange(ref _current, current + 1, current);
        }
    }
}
