using System.Net;
using System.Net.Sockets;

namespace Telemetry.Chaos.Cluster;

/// <summary>Ports on loopback that nobody listens on now, for processes that must come back on the same one.</summary>
internal static class FreePorts
{
    public static IReadOnlyList<int> Find(int count)
    {
        // All open at once, so that none is given twice.
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(l => l.Start());
            return [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }
}
