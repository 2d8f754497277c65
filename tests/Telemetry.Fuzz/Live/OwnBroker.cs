using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Edge.Reasons;

namespace Telemetry.Fuzz.Live;

/// <summary>A broker in this process with three doors, and limits small enough that its memory must come back to where it was.</summary>
internal sealed class OwnBroker : IAsyncDisposable
{
    private readonly MqttBroker _broker;
    private readonly WebApplication _web;
    private readonly string _certificate;

    private OwnBroker(MqttBroker broker, WebApplication web, string certificate)
    {
        _broker = broker;
        _web = web;
        _certificate = certificate;
    }

    public EndPoint EndPoint => _broker.Endpoints[0];

    public IReadOnlyList<Door> Doors =>
    [
        Door.Tcp("127.0.0.1", ((IPEndPoint)_broker.Endpoints[0]).Port),
        Door.Tls("127.0.0.1", ((IPEndPoint)_broker.Endpoints[1]).Port),
        Door.WebSocket(new Uri($"ws://127.0.0.1:{new Uri(_web.Urls.First()).Port}/mqtt")),
    ];

    /// <summary>Packets that made the broker fail, which it counts and survives.</summary>
    public long InternalErrors => _broker.Metrics.Closed(CloseKind.InternalError);

    public static async Task<OwnBroker> StartAsync()
    {
        var certificate = Path.Combine(Path.GetTempPath(), $"telemetry-fuzz-{Environment.ProcessId}-{Guid.NewGuid():N}.pem");
        await File.WriteAllTextAsync(certificate, SelfSigned());
        var options = new EdgeOptions
        {
            Listeners = [new MqttListenerOptions { Port = 0 }, new MqttListenerOptions { Port = 0, Tls = new MqttTlsOptions { CertificateFile = certificate } }],
            ConnectTimeout = TimeSpan.FromSeconds(2),
            LingerTime = TimeSpan.FromMilliseconds(200),
            SessionExpiryMax = TimeSpan.FromSeconds(2),
            MaximumPacketSize = 64 * 1024,
            MaxRetainedBytes = 1024 * 1024,
            MaxQueuedBytes = 256 * 1024,
        };
        var broker = new MqttBroker(options, null, NullLoggerFactory.Instance, TimeProvider.System);
        await broker.StartAsync();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var web = builder.Build();
        web.UseWebSockets();
        web.MapMqttWebSocket(broker);
        await web.StartAsync();
        return new OwnBroker(broker, web, certificate);
    }

    /// <summary>Waits until only so many connections and sessions are left.</summary>
    /// <exception cref="FindingException">Others stay.</exception>
    public async Task WhenOnlyAsync(int clients)
    {
        using var patience = new Patience();
        while (_broker.Connections != clients || _broker.Sessions.Count != clients)
        {
            if (patience.IsLost)
            {
                throw new FindingException(
                    $"{_broker.Connections} connections and {_broker.Sessions.Count} sessions are left, where {clients} should be, {Patience.Beats} s after the last was used");
            }

            await Task.Delay(50, CancellationToken.None);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _web.DisposeAsync();
        File.Delete(_certificate);
    }

    private static string SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddDays(1));
        return $"{certificate.ExportCertificatePem()}\n{key.ExportPkcs8PrivateKeyPem()}\n";
    }
}
