using Telemetry.Query.Access;
using Telemetry.Query.Diagnostics;
using Telemetry.Query.Problems;

namespace Telemetry.Query.Live;

/// <summary>Hands what the tail reads to the clients that want it. The tail offers, clients come and go at any time.</summary>
internal sealed class LiveHub(int clientsMax, int backlogMax)
{
    private readonly Lock _gate = new();
    private volatile LiveClient[] _clients = [];

    /// <summary>The clients now; a snapshot that does not change.</summary>
    public LiveClient[] Clients => _clients;

    /// <exception cref="ApiProblem">503: as many clients as there may be.</exception>
    public LiveClient Join(string? device, string? sensor, DeviceScope? devices = null)
    {
        lock (_gate)
        {
            if (_clients.Length >= clientsMax)
            {
                throw new ApiProblem(503, "busy", "Too many live streams", $"There may be {clientsMax} live streams at once.")
                {
                    RetryAfter = TimeSpan.FromSeconds(5),
                };
            }

            var client = new LiveClient(device, sensor, backlogMax) { Devices = devices ?? DeviceScope.All };
            _clients = [.. _clients, client];
            QueryMetrics.LiveClientChange(1);
            return client;
        }
    }

    public void Leave(LiveClient client)
    {
        lock (_gate)
        {
            _clients = [.. _clients.Where(other => other != client)];
            QueryMetrics.LiveClientChange(-1);
        }
    }
}
