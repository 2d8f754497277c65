using System.Net;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;

namespace Telemetry.IntegrationTests.Edge.Clients;

/// <summary>A way to a broker.</summary>
public enum Transport
{
    Tcp,
    Tls,
    WebSocket,
    SecureWebSocket,
}

/// <summary>A broker with every transport: TCP and TLS of its own, WebSocket with and without TLS behind Kestrel.</summary>
internal sealed class Transports : IAsyncDisposable
{
    private readonly X509Certificate2 _certificate;
    private readonly WebApplication _web;

    private Transports(TestAuthority authority, TestBroker broker, WebApplication web, X509Certificate2 certificate)
    {
        Authority = authority;
        Broker = broker;
        _web = web;
        _certificate = certificate;
    }

    /// <summary>Whose root the clients of TLS must trust.</summary>
    public TestAuthority Authority { get; }

    public TestBroker Broker { get; }

    public static async Task<Transports> StartAsync()
    {
        var authority = new TestAuthority();
        var broker = await TestBroker.StartAsync(new EdgeOptions
        {
            Listeners =
            [
                new MqttListenerOptions { Port = 0 },
                new MqttListenerOptions { Port = 0, Tls = new MqttTlsOptions { CertificateFile = authority.ServerPem() } },
            ],
        });
        var certificate = authority.Server("localhost");
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate));
        });
        builder.WebHost.UseKestrelHttpsConfiguration();
        var web = builder.Build();
        web.UseWebSockets();
        web.MapMqttWebSocket(broker.Broker);
        await web.StartAsync();
        return new Transports(authority, broker, web, certificate);
    }

    /// <summary>Port of a transport.</summary>
    public int PortOf(Transport transport) => transport switch
    {
        Transport.Tcp => ((IPEndPoint)Broker.Broker.Endpoints[0]).Port,
        Transport.Tls => ((IPEndPoint)Broker.Broker.Endpoints[1]).Port,
        Transport.WebSocket => new Uri(_web.Urls.First()).Port,
        _ => new Uri(_web.Urls.Last()).Port,
    };

    /// <summary>Address of a transport, as clients that take one write it.</summary>
    public string AddressOf(Transport transport)
    {
        var (scheme, path) = transport switch
        {
            Transport.Tcp => ("mqtt", ""),
            Transport.Tls => ("mqtts", ""),
            Transport.WebSocket => ("ws", "/mqtt"),
            _ => ("wss", "/mqtt"),
        };
        return $"{scheme}://127.0.0.1:{PortOf(transport)}{path}";
    }

    public static bool IsSecure(Transport transport) => transport is Transport.Tls or Transport.SecureWebSocket;

    public async ValueTask DisposeAsync()
    {
        await Broker.DisposeAsync();
        await _web.DisposeAsync();
        _certificate.Dispose();
        Authority.Dispose();
    }
}
