using System.Net;
using System.Security.Cryptography.X509Certificates;
using MQTTnet;
using MQTTnet.Adapter;
using MQTTnet.Diagnostics.Logger;
using MQTTnet.Formatter;
using MQTTnet.Implementations;
using MQTTnet.Packets;

namespace Telemetry.Bridge.Upstream;

/// <summary>Makes MQTTnet's connection, which reads nothing more while the budget is used up.</summary>
internal sealed class BoundedAdapterFactory(ReceiveBudget budget) : IMqttClientAdapterFactory
{
    private readonly MqttClientAdapterFactory _inner = new();

    public IMqttChannelAdapter CreateClientAdapter(MqttClientOptions options, MqttPacketInspector packetInspector, IMqttNetLogger logger) =>
        new BoundedAdapter(_inner.CreateClientAdapter(options, packetInspector, logger), budget);
}

/// <summary>MQTTnet's connection with a bound on what is received.</summary>
internal sealed class BoundedAdapter(IMqttChannelAdapter inner, ReceiveBudget budget) : IMqttChannelAdapter
{
    public long BytesReceived => inner.BytesReceived;

    public long BytesSent => inner.BytesSent;

    public X509Certificate2 ClientCertificate => inner.ClientCertificate;

    public EndPoint RemoteEndPoint => inner.RemoteEndPoint;

    public EndPoint LocalEndPoint => inner.LocalEndPoint;

    public bool IsSecureConnection => inner.IsSecureConnection;

    public MqttPacketFormatterAdapter PacketFormatterAdapter => inner.PacketFormatterAdapter;

    public Task ConnectAsync(CancellationToken cancellationToken) => inner.ConnectAsync(cancellationToken);

    public Task DisconnectAsync(CancellationToken cancellationToken) => inner.DisconnectAsync(cancellationToken);

    public void ResetStatistics() => inner.ResetStatistics();

    public Task SendPacketAsync(MqttPacket packet, CancellationToken cancellationToken) => inner.SendPacketAsync(packet, cancellationToken);

    public async Task<MqttPacket> ReceivePacketAsync(CancellationToken cancellationToken)
    {
        await budget.WaitAsync(cancellationToken);
        var packet = await inner.ReceivePacketAsync(cancellationToken);
        if (packet is MqttPublishPacket publish)
        {
            budget.Take(SizeOf(publish.Payload.Length, publish.Topic));
        }

        return packet;
    }

    public void Dispose() => inner.Dispose();

    /// <summary>What a message is counted as.</summary>
    public static long SizeOf(long payloadBytes, string? topic) => payloadBytes + (topic?.Length ?? 0) + 128;
}
