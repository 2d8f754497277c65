using System.Net;
using System.Net.Sockets;

namespace Telemetry.Testing;

/// <summary>Ports nobody listens on now, for servers that must come back on the same one.</summary>
public static class FreePorts
{
    public static int Find() => Find(1)[0];

    /// <summary>Different ones: all are held until the last is found.</summary>
    public static int[] Find(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        try
        {
            listeners.ForEach(listener => listener.Start());
            return [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        }
        finally
        {
            listeners.ForEach(listener => listener.Dispose());
        }
    }
}
