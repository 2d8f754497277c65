using System.Collections.Concurrent;
using System.Threading.Channels;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Bridge;

/// <summary>Commands from a journal to a channel that keeps them.</summary>
public sealed class CommandDeliveryTests : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-delivery-");
    private readonly KeepingChannel _channel = new();
    private JournalLog _log = null!;
    private IRecordProducer _producer = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(new JournalOptions { Directory = _folder.FullName }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync([new TopicSpec(LogTopics.Commands, 1), new TopicSpec(LogTopics.CommandResults, 1)], Cancel);
        _producer = _log.CreateProducer(new ProducerOptions());
    }

    public async ValueTask DisposeAsync()
    {
        await _producer.DisposeAsync();
        await _log.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    [Fact]
    public async Task Commands_that_cannot_be_delivered_hold_up_no_other()
    {
        await using var delivery = Start();
        delivery.UseSchemaIds(new BridgeOptions { CommandResultSchemaId = 4711 });
        Append(LogTopics.Commands, Command('1', "first"));
        (await _channel.NextAsync()).ShouldContain("/first/");
        Append(LogTopics.Commands, Command('2', "a+b"));
        Append(LogTopics.Commands, Command('3', "a/#"));
        Append(LogTopics.Commands, Command('4', KeepingChannel.Impossible));
        Append(LogTopics.Commands, Command('5', "last"));
        (await _channel.NextAsync()).ShouldContain("/last/");

        // A follower that had started again would have read, and sent, the first one once more.
        Append(LogTopics.Commands, Command('6', "after"));
        (await _channel.NextAsync()).ShouldContain("/after/");
        _channel.Tried.Count(topic => topic.Contains(KeepingChannel.Impossible, StringComparison.Ordinal)).ShouldBe(1);

        // What was sent is told with the id that the registry gave.
        await _producer.FlushAsync(Cancel);
        await using var consumer = _log.CreateConsumer(new ConsumerOptions { Start = StartPosition.Earliest });
        consumer.Assign([new TopicPartition(LogTopics.CommandResults, 0)]);
        var results = await consumer.PollAsync(10, TimeSpan.FromSeconds(30), Cancel);
        ConfluentFrame.TryRead(results[^1].Value, out var id, out _).ShouldBeTrue();
        id.ShouldBe(4711);
    }

    [Fact]
    public async Task A_command_answered_before_it_is_read_is_not_sent()
    {
        await using var delivery = Start();
        Append(LogTopics.Commands, Command('1', "first"));
        await _channel.NextAsync();
        Append(LogTopics.CommandResults, new CommandResult { Device = "done", CommandId = Id('2'), Status = CommandStatus.Answered });
        await _producer.FlushAsync(Cancel);

        // Commands and results are two topics: the result is read once something after it in its own topic has been.
        Append(LogTopics.Commands, Command('3', "second"));
        await _channel.NextAsync();
        Append(LogTopics.Commands, Command('2', "done"));
        Append(LogTopics.Commands, Command('4', "third"));
        (await _channel.NextAsync()).ShouldContain("/third/");
    }

    [Fact]
    public async Task A_command_of_sparkplug_is_published_as_it_is_to_its_topic()
    {
        await using var delivery = Start();
        var rebirth = Command('1', "plant:line-1");
        rebirth.Topic = "spBv1.0/plant/NCMD/line-1";
        rebirth.Payload = Google.Protobuf.ByteString.CopyFrom(1, 2, 3);
        Append(LogTopics.Commands, rebirth);

        (await _channel.NextAsync()).ShouldBe("spBv1.0/plant/NCMD/line-1 010203");
    }

    [Theory]
    [InlineData("spBv1.0/plant/NDATA/line-1")]
    [InlineData("spBv1.0/plant/NCMD/+")]
    [InlineData("spBv1.0/plant/NCMD/line-1/x")]
    [InlineData("telemetry/v1/press-1/commands/x")]
    [InlineData("anything")]
    public async Task A_command_to_any_other_topic_is_skipped(string topic)
    {
        await using var delivery = Start();
        var bad = Command('1', "d");
        bad.Topic = topic;
        Append(LogTopics.Commands, bad);
        Append(LogTopics.Commands, Command('2', "next"));

        (await _channel.NextAsync()).ShouldContain("/next/");
    }

    private static string Id(char digit) => new(digit, 32);

    private static DeviceCommand Command(char id, string device) => new()
    {
        Device = device,
        CommandId = Id(id),
        Name = "ping",
        ExpiresAtUs = DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeMilliseconds() * 1000,
    };

    private CommandDelivery Start()
    {
        var delivery = new CommandDelivery(
            _log, _producer, _channel, new CommandOptions { ResendAfter = TimeSpan.FromHours(1) }, new BridgeOptions(), TimeProvider.System,
            NullLogger<CommandDelivery>.Instance);
        delivery.Start();
        return delivery;
    }

    private void Append(string topic, IMessage message)
    {
        var value = new byte[ConfluentFrame.HeaderBytes + message.CalculateSize()];
        ConfluentFrame.WriteHeader(value, 5);
        message.WriteTo(value.AsSpan(ConfluentFrame.HeaderBytes));
        _producer.TryAppend(
            new NewRecord { Topic = topic, Key = "k"u8, Value = value, TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() }, null, 0).ShouldBeTrue();
    }

    private sealed class KeepingChannel : ICommandChannel
    {
        public const string Impossible = "impossible";

        private readonly Channel<string> _sent = Channel.CreateUnbounded<string>();

        public ConcurrentQueue<string> Tried { get; } = new();

        public ValueTask<bool> SendAsync(
            string topic, string responseTopic, string commandId, string name, string contentType, ReadOnlyMemory<byte> payload, TimeSpan expiry)
        {
            Tried.Enqueue(topic);
            if (topic.Contains(Impossible, StringComparison.Ordinal))
            {
                throw new ArgumentException("no such topic");
            }

            _sent.Writer.TryWrite(topic).ShouldBeTrue();
            return ValueTask.FromResult(true);
        }

        public ValueTask<bool> SendPlainAsync(string topic, ReadOnlyMemory<byte> payload)
        {
            _sent.Writer.TryWrite($"{topic} {Convert.ToHexString(payload.Span)}").ShouldBeTrue();
            return ValueTask.FromResult(true);
        }

        public Task<string> NextAsync() => _sent.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
    }
}
