using Microsoft.Extensions.ObjectPool;

namespace Telemetry.Bridge.Ingest;

/// <summary>Pool of publishes in flight; keeps as many as a full log window holds, so that none is made in steady state.</summary>
internal sealed class PublishInFlightPool : PooledObjectPolicy<PublishInFlight>
{
    private const int Kept = 32_768;

    private readonly BridgeMetrics _metrics;
    private readonly LogHealth _health;

    public PublishInFlightPool(BridgeMetrics metrics, LogHealth health)
    {
        _metrics = metrics;
        _health = health;
        Pool = new DefaultObjectPool<PublishInFlight>(this, Kept);
    }

    public ObjectPool<PublishInFlight> Pool { get; }

    public override PublishInFlight Create() => new(Pool, _metrics, _health);

    public override bool Return(PublishInFlight obj) => true;
}
