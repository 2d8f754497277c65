using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Telemetry.Edge.Sockets;

namespace Telemetry.Host.Composition;

/// <summary>Kestrel's transport with each socket taken from a share of the process's: to be registered as its only one.</summary>
internal static class BudgetedSockets
{
    /// <param name="share">The sockets.</param>
    /// <param name="loggers">For the transport.</param>
    /// <param name="readBufferBytes">What one client may have sent ahead of its handling; null: 1 MiB.</param>
    public static IConnectionListenerFactory Transport(SocketShare share, ILoggerFactory loggers, int? readBufferBytes = null)
    {
        var options = new SocketTransportOptions();
        options.MaxReadBufferSize = readBufferBytes ?? options.MaxReadBufferSize;
        return new BudgetedTransport(new SocketTransportFactory(Microsoft.Extensions.Options.Options.Create(options), loggers), share);
    }
}
