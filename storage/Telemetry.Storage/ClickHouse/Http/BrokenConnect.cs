using System.Net.Sockets;

namespace Telemetry.Storage.ClickHouse.Http;

/// <summary>
/// A peer that resets a connection in the moment it is made, as a proxy without a server behind it does, comes out of .NET's
/// handler as a bare <see cref="SocketException"/>. It is what it is for any other failed connect: the statement was not sent.
/// </summary>
internal sealed class BrokenConnect(HttpMessageHandler inner) : DelegatingHandler(inner)
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        try
        {
            return await base.SendAsync(request, cancellationToken);
        }
        catch (SocketException e)
        {
            throw new HttpRequestException(HttpRequestError.ConnectionError, e.Message, e);
        }
    }
}
