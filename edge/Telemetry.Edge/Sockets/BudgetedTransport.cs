using System.Net;
using Microsoft.AspNetCore.Connections;

namespace Telemetry.Edge.Sockets;

/// <summary>
/// A transport whose listeners take each socket from a <see cref="SocketShare"/> when they accept it. For the broker's own
/// listeners, and for a Kestrel: registered as its <see cref="IConnectionListenerFactory"/> it is the one that is used. A limit
/// behind the accept, such as Kestrel's MaxConcurrentConnections, comes too late: by then a flood has the files.
/// </summary>
public sealed class BudgetedTransport(IConnectionListenerFactory inner, SocketShare share) : IConnectionListenerFactory
{
    /// <inheritdoc/>
    public async ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        new BudgetedListener(await inner.BindAsync(endpoint, cancellationToken), share);
}
