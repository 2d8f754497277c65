using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Telemetry.Host.Composition;

/// <summary>Starts what listens, with an error that names the address and the flag for another.</summary>
internal static class Listening
{
    /// <exception cref="IOException">The address cannot be had.</exception>
    public static async Task StartAsync(Func<Task> start, string what, string flag)
    {
        try
        {
            await start();
        }
        catch (Exception e) when (e is IOException or AddressInUseException or SocketException)
        {
            throw new IOException($"{what}: {e.Message} Give another port with {flag} (0: a free one).", e);
        }
    }
}
