using System.Net;
using System.Net.Sockets;

namespace Telemetry.Host.Apart;

/// <summary>
/// Ports for child processes, chosen before they start so that they keep them when they start again. Taken below the range
/// that the system gives to outgoing connections (32768 and up on Linux): none of those can sit on one while its process is away.
/// </summary>
internal sealed class FreePorts
{
    private const int First = 20_000;
    private const int Count = 12_000;

    private readonly HashSet<int> _given = [];
    private int _next = Random.Shared.Next(Count);

    /// <summary>A port nobody listens on now, and that was not given before.</summary>
    /// <exception cref="IOException">All are taken.</exception>
    public int Take()
    {
        for (var tried = 0; tried < Count; tried++)
        {
            var port = First + (_next++ % Count);
            if (!_given.Contains(port) && IsFree(port))
            {
                _given.Add(port);
                return port;
            }
        }

        throw new IOException($"No port from {First} to {First + Count - 1} is free.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
