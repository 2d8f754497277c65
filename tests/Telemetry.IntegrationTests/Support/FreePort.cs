using System.Net;
using System.Net.Sockets;

namespace Telemetry.IntegrationTests.Support;

/// <summary>A port nobody listens on now, for processes that must come back on the same one.</summary>
internal static class FreePort
{
    public static int Find()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
