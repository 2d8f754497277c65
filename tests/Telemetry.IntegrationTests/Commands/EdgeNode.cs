using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Edge;
using Telemetry.Host.Composition;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Commands;

/// <summary>A broker with its bridge and its command delivery over a log that may be shared with others.</summary>
internal sealed class EdgeNode : IAsyncDisposable
{
    private readonly IRecordProducer _producer;
    private readonly ReadingIngest _ingest;
    private readonly MqttBroker _broker;
    private readonly CommandDelivery _delivery;

    private EdgeNode(IRecordLog log, string name, CommandOptions options)
    {
        var bridge = new BridgeOptions { EdgeName = name };
        _producer = log.CreateProducer(new ProducerOptions());
        _ingest = new ReadingIngest(bridge, _producer, TimeProvider.System, NullLogger<ReadingIngest>.Instance);
        _broker = new MqttBroker(
            new EdgeOptions { Listeners = [new MqttListenerOptions { Port = 0 }] }, _ingest, NullLoggerFactory.Instance, TimeProvider.System);
        _delivery = new CommandDelivery(
            log, _producer, new MqttCommandChannel(_broker), options, bridge, TimeProvider.System, NullLogger<CommandDelivery>.Instance);
    }

    public int Port => ((IPEndPoint)_broker.Endpoints[0]).Port;

    public static async Task<EdgeNode> StartAsync(IRecordLog log, string name, CommandOptions? options = null)
    {
        var node = new EdgeNode(log, name, options ?? new CommandOptions());
        await node._broker.StartAsync();
        node._delivery.Start();
        return node;
    }

    public async Task<Device> ConnectAsync(string id, string? answer = "answer")
    {
        var device = new Device(id, answer, Port);
        await device.StartAsync();
        return device;
    }

    public async ValueTask DisposeAsync()
    {
        await _delivery.DisposeAsync();
        await _broker.DisposeAsync();
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
    }

    /// <summary>A device that takes commands.</summary>
    internal sealed class Device : IMqttClientHandler, IAsyncDisposable
    {
        private readonly string? _answer;
        private readonly MqttClient _client;

        public Device(string id, string? answer, int port)
        {
            _answer = answer;
            _client = new MqttClient(new MqttClientOptions { Host = "127.0.0.1", Port = port, ClientId = id }, this);
        }

        public ConcurrentQueue<(string Topic, string Payload, string Name)> Commands { get; } = new();

        public async Task StartAsync()
        {
            await _client.ConnectAsync();
            ((int)await _client.SubscribeAsync($"telemetry/v1/{_client.ClientId}/commands/+", MqttQos.AtLeastOnce)).ShouldBeLessThan(0x80);
        }

        public bool Received(MqttClient client, in PublishPacket packet, in MqttDelivery delivery)
        {
            packet.TryGetUserProperty("command"u8, out var name).ShouldBeTrue();
            Commands.Enqueue((Encoding.UTF8.GetString(packet.TopicName), Encoding.UTF8.GetString(packet.Payload), Encoding.UTF8.GetString(name)));
            if (_answer is not null)
            {
                client.TryPublish(
                    [.. packet.TopicName, (byte)'/', .. Encoding.ASCII.GetBytes(_answer)], "{\"done\":1}"u8, MqttQos.AtLeastOnce);
            }

            return true;
        }

        public void Disconnected(MqttClient client, MqttDisconnect disconnect)
        {
        }

        public ValueTask DisposeAsync() => _client.DisposeAsync();
    }
}
