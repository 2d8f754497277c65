using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Formatter;
using MQTTnet.Protocol;
using Telemetry.IntegrationTests.Mqtt;

namespace Telemetry.IntegrationTests.Edge.Clients;

/// <summary>MQTTnet's client over every transport, in both versions, at every QoS.</summary>
public sealed class MqttNetClientTests
{
    [Theory]
    [InlineData(Transport.Tcp, MqttProtocolVersion.V311)]
    [InlineData(Transport.Tcp, MqttProtocolVersion.V500)]
    [InlineData(Transport.Tls, MqttProtocolVersion.V311)]
    [InlineData(Transport.Tls, MqttProtocolVersion.V500)]
    [InlineData(Transport.WebSocket, MqttProtocolVersion.V311)]
    [InlineData(Transport.WebSocket, MqttProtocolVersion.V500)]
    [InlineData(Transport.SecureWebSocket, MqttProtocolVersion.V311)]
    [InlineData(Transport.SecureWebSocket, MqttProtocolVersion.V500)]
    public async Task Mqttnet_gets_every_message_back_once_and_in_order(Transport transport, MqttProtocolVersion version)
    {
        await using var transports = await Transports.StartAsync();
        await using var client = await TestClient.ConnectAsync(0, "mqttnet", options =>
        {
            options.ProtocolVersion = version;
            options.ChannelOptions = Channel(transports, transport);
        });
        await client.SubscribeAsync("n/+", MqttQualityOfServiceLevel.ExactlyOnce);
        for (var i = 0; i < 20; i++)
        {
            foreach (var qos in Enum.GetValues<MqttQualityOfServiceLevel>())
            {
                await client.PublishAsync($"n/{(int)qos}", $"{i}", qos);
            }
        }

        var got = new List<(string Topic, int Qos, string Payload)>();
        for (var i = 0; i < 60; i++)
        {
            var message = await client.NextAsync();
            got.Add((message.Topic, (int)message.QualityOfServiceLevel, message.ConvertPayloadToString()));
        }

        for (var qos = 0; qos < 3; qos++)
        {
            got.Where(m => m.Topic == $"n/{qos}").ShouldBe(Enumerable.Range(0, 20).Select(i => ($"n/{qos}", qos, $"{i}")));
        }

        await client.ShouldBeQuietAsync();
    }

    private static IMqttClientChannelOptions Channel(Transports transports, Transport transport)
    {
        var tls = new MqttClientTlsOptions
        {
            UseTls = Transports.IsSecure(transport),
            TargetHost = "127.0.0.1",
            SslProtocol = SslProtocols.Tls13,
            TrustChain = [transports.Authority.Root],
            RevocationMode = X509RevocationMode.NoCheck,
            CertificateValidationHandler = validation => IsIssuedBy(validation, transports.Authority.Root),
        };
        return transport is Transport.Tcp or Transport.Tls
            ? new MqttClientTcpOptions
            {
                RemoteEndpoint = new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, transports.PortOf(transport)),
                TlsOptions = tls,
            }
            : new MqttClientWebSocketOptions { Uri = transports.AddressOf(transport), TlsOptions = tls };
    }

    // A WebSocket's own check knows no root but the machine's.
    private static bool IsIssuedBy(MqttClientCertificateValidationEventArgs validation, X509Certificate2 root)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        using var certificate = X509CertificateLoader.LoadCertificate(validation.Certificate.GetRawCertData());
        return chain.Build(certificate) && !validation.SslPolicyErrors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch);
    }
}
