using System.Text;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.IntegrationTests.Support;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Alarms;

/// <summary>Two alarms processes over a real cluster share the partitions; one is killed with SIGKILL, and each change is on the log once and in order.</summary>
[Collection("processes over Kafka")]
public sealed class AlarmKafkaTests : KafkaProcessTests
{
    private const int Devices = 20;
    private const int Rounds = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_are_told_once_although_a_process_is_killed_while_it_decides()
    {
        await using var log = KafkaHost.Open(Kafka);
        await log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions()), Token);
        await using var producer = log.CreateProducer(new ProducerOptions());
        await using var first = Start("a");
        await using var second = Start("b");
        for (var round = 0; round < Rounds; round++)
        {
            for (var device = 0; device < Devices; device++)
            {
                Append(producer, $"press-{device:00}", round % 2 == 0);
            }

            await producer.FlushAsync(Token);
            if (round == Rounds / 2)
            {
                first.Kill();
            }

            await Task.Delay(100, Token);
        }

        var changes = new List<AlarmChange>();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        await log.AssignSinceAsync(consumer, [LogTopics.Alarms], DateTimeOffset.UnixEpoch, limit.Token);
        while (changes.Count < Devices * Rounds)
        {
            second.HasExited.ShouldBeFalse(second.Errors);
            foreach (var record in await consumer.PollAsync(500, TimeSpan.FromMilliseconds(100), limit.Token))
            {
                ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                changes.Add(AlarmChange.Parser.ParseFrom(message.Span));
            }
        }

        changes.Select(c => c.Id).ShouldBeUnique();
        foreach (var device in changes.GroupBy(c => c.Alarm.Device))
        {
            device.Select(c => c.Transition).ShouldBe(
                Enumerable.Range(0, Rounds).Select(r => r % 2 == 0 ? AlarmTransition.Raised : AlarmTransition.Cleared), device.Key);
            device.Last().Alarm.Occurrences.ShouldBe((ulong)Rounds / 2, device.Key);
        }

        // Nothing more comes.
        (await consumer.PollAsync(500, TimeSpan.FromSeconds(2), limit.Token)).ShouldBeEmpty();
    }

    private TelemetryProcess Start(string name) => TelemetryProcess.Start(
        "alarms", "--kafka", Kafka.BootstrapServers, "--data", Path.Combine(Data, name), "--http-port", "0", "--set", $"Instance={name}");

    private static void Append(IRecordProducer producer, string device, bool active) => producer.TryAppend(
        new NewRecord
        {
            Topic = LogTopics.AlarmInputs,
            Key = Encoding.ASCII.GetBytes(device),
            Value = new AlarmInput
            {
                Condition = new AlarmCondition { Device = device, Sensor = "oil", Source = "hot", Kind = "threshold", Active = active, Priority = AlarmPriority.Low, Text = "hot" },
            }.ToByteArray(),
            TimestampMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        },
        null,
        0).ShouldBeTrue();
}
