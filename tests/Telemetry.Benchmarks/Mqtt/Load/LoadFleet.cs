namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>Many connections to one broker.</summary>
internal sealed class LoadFleet : IAsyncDisposable
{
    /// <summary>Handshakes under way at once: more would only wait in the kernel's queue.</summary>
    private const int Concurrent = 200;

    private readonly LoadConnection[] _connections;

    private LoadFleet(LoadConnection[] connections) => _connections = connections;

    public IReadOnlyList<LoadConnection> Connections => _connections;

    public static async Task<LoadFleet> OpenAsync(LoadTarget target, int count, bool tls = false)
    {
        var prefix = Guid.NewGuid().ToString("N")[..8];
        var connections = new LoadConnection[count];
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = Concurrent }, async (i, _) =>
            connections[i] = await LoadConnection.OpenAsync(target, $"load-{prefix}-{i}", tls));
        return new LoadFleet(connections);
    }

    /// <summary>Every client crashes at once.</summary>
    public void Cut()
    {
        foreach (var connection in _connections)
        {
            connection.Cut();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var connection in _connections)
        {
            await connection.DisposeAsync();
        }
    }
}
