using System.Net;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Edge;
using Telemetry.Edge.Hosting;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>One reading of the log.</summary>
internal sealed record StoredReading(string Device, string Sensor, long TimeUs, double Value, ulong BootId, ulong Sequence);

/// <summary>Broker, bridge, Sparkplug host and command delivery over a journal, put together as the edge role does it.</summary>
internal sealed class SparkplugStage : IAsyncDisposable
{
    private readonly JournalLog _log;
    private readonly IRecordProducer _producer;
    private readonly ReadingIngest _ingest;
    private readonly MqttBroker _broker;
    private readonly CommandDelivery _commands;
    private readonly SparkplugHost _host;
    private readonly HostStatePublisher _state;
    private readonly BridgeOptions _options;
    private bool _stopped;

    private SparkplugStage(string folder, SparkplugOptions sparkplug)
    {
        _options = new BridgeOptions { EdgeName = "edge-1", Sparkplug = sparkplug };
        _log = OpenLog(folder);
        _producer = _log.CreateProducer(new ProducerOptions());
        _ingest = new ReadingIngest(_options, _producer, TimeProvider.System, NullLogger<ReadingIngest>.Instance);
        _broker = new MqttBroker(
            new EdgeOptions { Listeners = [new MqttListenerOptions { Port = 0 }] }, _ingest, NullLoggerFactory.Instance, TimeProvider.System);
        var channel = new MqttCommandChannel(_broker);
        _commands = new CommandDelivery(
            _log, _producer, channel, new CommandOptions(), _options, TimeProvider.System, NullLogger<CommandDelivery>.Instance);
        _host = new SparkplugHost(_log, _options, TimeProvider.System, NullLogger<SparkplugHost>.Instance);
        _state = new HostStatePublisher(
            _log, _producer, channel, _host, _options, TimeProvider.System, NullLogger<HostStatePublisher>.Instance);
        _ingest.ForeignHostState = _state.ForeignStateSeen;
    }

    public int Port => ((IPEndPoint)_broker.Endpoints[0]).Port;

    public static JournalLog OpenLog(string folder) =>
        JournalLog.Open(new JournalOptions { Directory = folder }, NullLoggerFactory.Instance, TimeProvider.System);

    public static async Task<SparkplugStage> StartAsync(string folder, SparkplugOptions? options = null)
    {
        var stage = new SparkplugStage(folder, options ?? new SparkplugOptions());
        await stage._log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions()), Cancel);
        stage._host.Start();
        await stage._state.PrepareAsync(Cancel);
        await stage._broker.StartAsync(Cancel);
        stage._commands.Start();
        stage._state.Start();
        return stage;
    }

    /// <summary>Waits until the host has committed everything that is on the log.</summary>
    public Task SettleAsync() => SettleAsync(_log, _options.Sparkplug.Group);

    public static async Task SettleAsync(IRecordLog log, string group)
    {
        while ((await log.QueryLagAsync(group, LogTopics.Sparkplug, Cancel)).Any(lag => lag.Records > 0))
        {
            await Task.Delay(20, Cancel);
        }
    }

    public async Task<List<StoredReading>> ReadingsAsync() => await ReadingsAsync(_log);

    public static async Task<List<StoredReading>> ReadingsAsync(IRecordLog log)
    {
        var readings = new List<StoredReading>();
        var batch = new ReadingBatchBuffer();
        foreach (var message in await ReadAsync(log, LogTopics.Readings))
        {
            batch.TryDecode(message, out var error).ShouldBeTrue(error.ToString());
            for (var i = 0; i < batch.Count; i++)
            {
                readings.Add(new StoredReading(
                    Encoding.ASCII.GetString(batch.Device), Encoding.ASCII.GetString(batch.Sensor(batch.SensorIndexes[i])), batch.EventTimes[i],
                    batch.Values[i], batch.BootId, batch.Sequence(i)));
            }
        }

        return readings;
    }

    public async Task<List<DeviceEvent>> EventsAsync() =>
        [.. (await ReadAsync(_log, LogTopics.DeviceEvents)).Select(m => DeviceEvent.Parser.ParseFrom(m.Span))];

    public async Task<List<DeadLetter>> DeadLettersAsync() =>
        [.. (await ReadAsync(_log, LogTopics.DeadLetters)).Select(m => DeadLetter.Parser.ParseFrom(m.Span))];

    public async Task<List<CatalogueEntry>> CatalogueAsync() =>
        [.. (await ReadAsync(_log, LogTopics.Catalogue)).Select(m => CatalogueEntry.Parser.ParseFrom(m.Span))];

    /// <summary>The orderly stop of the edge role.</summary>
    public async Task StopAsync()
    {
        _stopped = true;
        await _state.StopAsync(Cancel);
        await _commands.DisposeAsync();
        await _broker.StopAsync(Cancel);
        await _ingest.DisposeAsync();
        await _producer.DisposeAsync();
        await SettleAsync();
        await _host.StopAsync(Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _state.DisposeAsync();
        if (!_stopped)
        {
            await _commands.DisposeAsync();
            await _broker.DisposeAsync();
            await _ingest.DisposeAsync();
            await _producer.DisposeAsync();
        }

        await _host.DisposeAsync();
        await _log.DisposeAsync();
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static async Task<List<ReadOnlyMemory<byte>>> ReadAsync(IRecordLog log, string topic)
    {
        var messages = new List<ReadOnlyMemory<byte>>();
        for (var i = 0; i < await log.QueryPartitionCountAsync(topic, Cancel); i++)
        {
            var partition = new TopicPartition(topic, i);
            var (low, high) = await log.QueryOffsetsAsync(partition, Cancel);
            await using var consumer = log.CreateConsumer(new ConsumerOptions());
            consumer.Assign([partition]);
            consumer.Seek(partition, low);
            while (consumer.Position(partition) < high)
            {
                foreach (var record in await consumer.PollAsync(1000, TimeSpan.FromMilliseconds(100), Cancel))
                {
                    if (record.Value.IsEmpty)
                    {
                        // It says that time has passed.
                        continue;
                    }

                    ConfluentFrame.TryRead(record.Value.ToArray(), out _, out var message).ShouldBeTrue();
                    messages.Add(message);
                }
            }
        }

        return messages;
    }
}
