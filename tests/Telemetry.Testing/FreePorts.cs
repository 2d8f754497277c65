using System.Net;
using System.Net.Sockets;

namespace Telemetry.Testing;

/// <summary>
/// Ports nobody listens on now, for servers that must come back on the same one. Taken below the range that the system gives
/// to outgoing connections and to listeners on port 0 (32768 and up on Linux): none of those can sit on one before its server
/// does, and a client that asks until somebody listens cannot be connected to itself. The product's own processes apart take
/// theirs from 20000 on.
/// </summary>
public static class FreePorts
{
    private const int First = 10_000;
    private const int Count = 10_000;

    private static int _next = Random.Shared.Next(Count);

    /// <exception cref="IOException">All are taken.</exception>
    public static int Find()
    {
        for (var tried = 0; tried < Count; tried++)
        {
            var port = First + (int)((uint)Interlocked.Increment(ref _next) % Count);
            if (IsFree(port))
            {
                return port;
            }
        }

        throw new IOException($"No port from {First} to {First + Count - 1} is free.");
    }

    /// <summary>Different ones.</summary>
    /// <exception cref="IOException">All are taken.</exception>
    public static int[] Find(int count) => [.. Enumerable.Range(0, count).Select(_ => Find())];

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Any, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
