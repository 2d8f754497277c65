using System.Collections.Concurrent;
using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Ingest;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Host.Composition;
using Telemetry.IntegrationTests.Mqtt;
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

    public Task<Device> ConnectAsync(string id, string? answer = "answer") => Device.ConnectAsync(id, answer, Port);

    public async ValueTask DisposeAsync()
    {
        await _delivery.DisposeAsync();
        await _broker.DisposeAsync();
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
    }

    /// <summary>A device that takes commands.</summary>
    internal sealed class Device : IAsyncDisposable
    {
        private readonly string? _answer;
        private readonly TaskCompletionSource<TestClient> _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private Device(string? answer) => _answer = answer;

        public ConcurrentQueue<(string Topic, string Payload, string Name)> Commands { get; } = new();

        public static async Task<Device> ConnectAsync(string id, string? answer, int port)
        {
            var device = new Device(answer);
            var client = await TestClient.ConnectAsync(port, id, received: device.ReceiveAsync);
            device._connected.SetResult(client);
            await client.SubscribeAsync($"telemetry/v1/{id}/commands/+");
            return device;
        }

        public async ValueTask DisposeAsync() => await (await _connected.Task).DisposeAsync();

        private async Task ReceiveAsync(MqttApplicationMessage message)
        {
            var name = Encoding.UTF8.GetString(message.UserProperties.Single(property => property.Name == "command").ValueBuffer.Span);
            Commands.Enqueue((message.Topic, Encoding.UTF8.GetString(message.Payload), name));
            if (_answer is not null)
            {
                await (await _connected.Task).PublishAsync($"{message.Topic}/{_answer}", "{\"done\":1}");
            }
        }
    }
}
