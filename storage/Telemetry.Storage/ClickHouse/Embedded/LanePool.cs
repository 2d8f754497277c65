namespace Telemetry.Storage.ClickHouse.Embedded;

/// <summary>A fixed number of lanes; who finds none free waits.</summary>
internal sealed class LanePool(IReadOnlyList<Lane> lanes) : IAsyncDisposable
{
    private readonly Stack<Lane> _free = new(lanes);
    private readonly SemaphoreSlim _available = new(lanes.Count);

    public async ValueTask<Rental> RentAsync(CancellationToken cancellationToken)
    {
        await _available.WaitAsync(cancellationToken);
        lock (_free)
        {
            return new Rental(this, _free.Pop());
        }
    }

    /// <summary>Waits for every lane to come back, then closes them.</summary>
    public async ValueTask DisposeAsync()
    {
        for (var i = 0; i < lanes.Count; i++)
        {
            await _available.WaitAsync();
        }

        foreach (var lane in lanes)
        {
            await lane.DisposeAsync();
        }

        _available.Dispose();
    }

    private void Return(Lane lane)
    {
        lock (_free)
        {
            _free.Push(lane);
        }

        _available.Release();
    }

    /// <summary>A lane held until disposed of.</summary>
    internal readonly struct Rental(LanePool pool, Lane lane) : IDisposable
    {
        public Lane Lane => lane;

        public void Dispose() => pool.Return(lane);
    }
}
