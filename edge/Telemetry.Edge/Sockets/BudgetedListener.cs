using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Connections;

namespace Telemetry.Edge.Sockets;

/// <summary>Accepts what the share allows, and closes the rest at once.</summary>
internal sealed class BudgetedListener(IConnectionListener inner, SocketShare share) : IConnectionListener
{
    /// <summary>After these many refusals one after the other the flood waits a moment in the kernel, and others get the processor.</summary>
    private const int RefusalsInARow = 64;

    private static readonly TimeSpan RefusalPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(500);

    public EndPoint EndPoint => inner.EndPoint;

    /// <summary>The next connection; null when the listener is unbound. Never throws for what a client or the kernel did.</summary>
    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        var refused = 0;
        while (true)
        {
            try
            {
                var context = await inner.AcceptAsync(cancellationToken);
                if (context is null)
                {
                    return null;
                }

                if (share.TryTake(EndPoint))
                {
                    return new BudgetedConnection(context, share);
                }

                context.Abort();
                await context.DisposeAsync();
                if (++refused % RefusalsInARow == 0)
                {
                    await Task.Delay(RefusalPause, share.Time, cancellationToken);
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException)
            {
                // The system's table of files is full, or its memory: connections that end make room. An accept loop that ends
                // here would never take anyone again.
                share.AcceptFailed(exception, EndPoint, RetryDelay);
                await Task.Delay(RetryDelay, share.Time, cancellationToken);
            }
        }
    }

    public ValueTask UnbindAsync(CancellationToken cancellationToken = default) => inner.UnbindAsync(cancellationToken);

    public ValueTask DisposeAsync() => inner.DisposeAsync();
}
