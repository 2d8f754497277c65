using System.Text;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.IntegrationTests.Support;
using Telemetry.Processing;
using Telemetry.Processing.Pipeline;
using Telemetry.Processing.Settings;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;

namespace Telemetry.IntegrationTests.Processing;

/// <summary>
/// Two processes judge readings over a real cluster while settings change and one of them is killed with SIGKILL: what is on the log is what one
/// run over its records gives, silence is told by the wall clock, and what a person acknowledged stays so.
/// </summary>
[Collection("processes over Kafka")]
public sealed class IncidentKafkaTests : KafkaProcessTests
{
    private const int Devices = 16;
    private const int Partitions = 4;

    private const string Sensitive = """{ "rules": [{ "sensor": "oil", "detectors": [{ "detector": "iid-spike", "pvalueHistoryLength": 12 }] }] }""";

    /// <summary>Nothing is found on the first ten devices any more.</summary>
    private const string HalfOff =
        """
        {
          "rules": [
            { "device": "press-0*", "detectors": [] },
            { "sensor": "oil", "detectors": [{ "detector": "iid-spike", "pvalueHistoryLength": 12 }] }
          ]
        }
        """;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    /// <summary>Alerts and incidents end soon, so that many come. The processes are told the same.</summary>
    private static readonly ProcessingOptions Options = new()
    {
        AlertHoldOff = TimeSpan.FromSeconds(1), IncidentHoldOff = TimeSpan.FromSeconds(1), AlertRepeat = TimeSpan.FromSeconds(2),
    };

    private static readonly string[] Compared = [LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents, LogTopics.DeadLetters];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_two_processes_wrote_while_one_was_killed_is_what_a_replay_of_the_log_gives()
    {
        await using var log = KafkaHost.Open(Kafka);
        await log.EnsureTopicsAsync(Topics.Catalogue(new LogOptions()), Token);
        await using var desk = new SettingsDesk(log, LogTopics.DetectorSettings, NullLogger.Instance, TimeProvider.System);
        desk.Start();
        await PutAsync(desk, Sensitive);
        await using var tail = await LogTail.StartAsync(log, [LogTopics.Readings, .. Compared, LogTopics.Alarms], Token);
        await using var fleet = new PacedFleet(log, Devices);
        await using var second = Start("process", "b");
        await using (var first = Start("process", "a"))
        {
            fleet.Start();

            // The second version is taken up while both judge; one of them ends as soon as it is in force somewhere.
            await UntilAsync(tail, second, "partitions of both", () => HasPartitions(first) && HasPartitions(second));
            await UntilAsync(tail, second, "version 1 in every partition", () => IsPinnedAsync(desk, 1, Partitions));
            await UntilAsync(tail, second, "incidents", () => Incidents(tail).Count() >= 2 * Devices);
            await PutAsync(desk, HalfOff);
            await UntilAsync(tail, second, "version 2 somewhere", () => IsPinnedAsync(desk, 2, 1));
            first.Kill();
        }

        await UntilAsync(tail, second, "version 2 in every partition", () => IsPinnedAsync(desk, 2, Partitions));
        await using var again = Start("process", "a");
        await UntilAsync(tail, second, "partitions of the one that is back", () => HasPartitions(again));
        await PutAsync(desk, Sensitive);
        await UntilAsync(tail, second, "version 3 in every partition", () => IsPinnedAsync(desk, 3, Partitions));
        var before = Incidents(tail).Count();
        await UntilAsync(tail, second, "more incidents", () => Incidents(tail).Count() >= before + (2 * Devices));

        // Nobody sends any more: only the clock goes on.
        var readings = await fleet.StopAsync();
        await UntilAsync(tail, second, "silence of every device", () => Incidents(tail).Where(IsSilent).DistinctBy(i => i.Device).Count() == Devices);
        await AcknowledgeAsync(log, tail, second, fleet.Devices[3], again);
        await UntilAsync(tail, second, "no lag", async () => (await log.QueryLagAsync(Options.Group, LogTopics.Readings, Token)).All(lag => lag.Records == 0));
        second.Terminate();
        (await second.WaitAsync()).ShouldBe(0, second.Errors);

        await tail.ToEndAsync(Token);
        tail[LogTopics.Readings].ShouldContain(record => record.Value.IsEmpty, "ticks told the silence");
        var book = await desk.ReadAsync(Token);
        var written = Written(tail);
        written.ShouldBeUnique();

        // A tick may have been written just before the end, and nobody has taken it.
        var partitions = Enumerable.Range(0, Partitions).Select(i => new TopicPartition(LogTopics.Readings, i)).ToList();
        var committed = await log.QueryCommittedAsync(Options.Group, partitions, Token);
        LogRecord[] judged = [.. tail[LogTopics.Readings].Where(record => record.Offset < committed[partitions[record.Partition]].Offset)];
        judged.Count(record => !record.Value.IsEmpty).ShouldBe((int)readings);
        written.ShouldBe(Replay(judged, book.Pins, book));
        Incidents(tail).DistinctBy(i => i.Id).Count().ShouldBeGreaterThan(3 * Devices);

        // The pins matter: under the first version from beginning to end something else is found.
        Replay(judged, book.Pins.Where(pin => pin.Version == 1), book).ShouldNotBe(written);
    }

    /// <summary>A person acknowledges the alarm of a silent device; then its keeper is killed, and a process that judges with it.</summary>
    private async Task AcknowledgeAsync(KafkaLog log, LogTail tail, TelemetryProcess second, string device, TelemetryProcess victim)
    {
        var id = AlarmId.Of(device, "", "incident.silent");
        IEnumerable<AlarmChange> Changes() => tail[LogTopics.Alarms].Select(record => Parse(record, AlarmChange.Parser)).Where(change => change.Alarm.Id == id);
        await using (var keeper = Start("alarms", "alarms"))
        {
            await UntilAsync(tail, second, "the alarm", () => Changes().Any(c => c.Transition == AlarmTransition.Raised));
            await CommandAsync(log, device, id, AlarmAction.Acknowledge);
            await UntilAsync(tail, second, "its acknowledgement", () => Changes().Any(c => c.Transition == AlarmTransition.Acknowledged));
            keeper.Kill();
            victim.Kill();
        }

        await using var keeperAgain = Start("alarms", "alarms");
        await CommandAsync(log, device, id, AlarmAction.Comment);
        await UntilAsync(tail, second, "a comment", () => Changes().Any(c => c.Transition == AlarmTransition.Commented));
        Changes().Select(c => c.Transition).ShouldBe([AlarmTransition.Raised, AlarmTransition.Acknowledged, AlarmTransition.Commented]);
        (Changes().Last().Alarm.Status, Changes().Last().Alarm.AcknowledgedBy).ShouldBe((AlarmStatus.AcknowledgedActive, "ann"));
    }

    private static Task UntilAsync(LogTail tail, TelemetryProcess process, string what, Func<bool> holds) =>
        UntilAsync(tail, process, what, () => Task.FromResult(holds()));

    private static async Task UntilAsync(LogTail tail, TelemetryProcess process, string what, Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(Patience);
        TestContext.Current.TestOutputHelper?.WriteLine($"{DateTime.UtcNow:HH:mm:ss.f} waiting for {what}");
        try
        {
            while (!await holds().WaitAsync(limit.Token))
            {
                process.HasExited.ShouldBeFalse(process.Errors);
                await tail.PollAsync(limit.Token);
            }
        }
        catch (OperationCanceledException) when (!Token.IsCancellationRequested)
        {
            Assert.Fail($"{what} did not come in {Patience}: {process.Errors}");
        }
    }

    private static bool HasPartitions(TelemetryProcess process) => process.Errors.Contains("is restored: continues at offset", StringComparison.Ordinal);

    private static async Task<bool> IsPinnedAsync(SettingsDesk desk, int version, int partitions) =>
        (await desk.ReadAsync(Token)).Pins.Where(pin => pin.Version == version).DistinctBy(pin => pin.Partition).Count() >= partitions;

    private static IEnumerable<Incident> Incidents(LogTail tail) => tail[LogTopics.Incidents].Select(record => Parse(record, Incident.Parser));

    private static bool IsSilent(Incident incident) => incident is { Kind: IncidentKind.Silent, State: IncidentState.Open };

    private TelemetryProcess Start(string role, string name) => TelemetryProcess.Start(
        role, "--kafka", Kafka.BootstrapServers, "--data", Path.Combine(Data, name), "--http-port", "0", "--set", $"Instance={name}",
        "--set", $"Processing:AlertHoldOff={Options.AlertHoldOff}", "--set", $"Processing:AlertRepeat={Options.AlertRepeat}",
        "--set", $"Processing:IncidentHoldOff={Options.IncidentHoldOff}");

    private static Task PutAsync(SettingsDesk desk, string document) =>
        desk.PutAsync(Encoding.UTF8.GetBytes(document), "ann", "test", "", null, Token);

    private static async Task CommandAsync(KafkaLog log, string device, string alarm, AlarmAction action)
    {
        await using var producer = log.CreateProducer(new ProducerOptions());
        var command = new AlarmCommand { CommandId = $"{action}", AlarmId = alarm, Device = device, Action = action, By = "ann", Comment = "seen" };
        await producer.AppendAsync(
            LogTopics.AlarmInputs, null, Encoding.UTF8.GetBytes(device), new AlarmInput { Command = command }.ToByteArray(),
            DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(), Token);
    }

    private static T Parse<T>(in LogRecord record, MessageParser<T> parser)
        where T : IMessage<T>
    {
        ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
        return parser.ParseFrom(message.Span);
    }

    /// <summary>What is on the log, a line a record; those of one device in their order.</summary>
    private static List<string> Written(LogTail tail) =>
        Ordered(Compared.SelectMany(topic => tail[topic].Select(record => Line(topic, record.Key.Span, record.Value.Span))));

    private static List<string> Ordered(IEnumerable<(string Key, string Line)> lines) =>
        [.. lines.OrderBy(line => line.Key, StringComparer.Ordinal).Select(line => line.Line)];

    /// <summary>The same from one run in memory, over the records of the log alone.</summary>
    private static List<string> Replay(IReadOnlyList<LogRecord> inputs, IEnumerable<SettingsPin> pins, SettingsBook book)
    {
        var lines = new List<(string Key, string Line)>();
        foreach (var partition in inputs.GroupBy(record => record.Partition))
        {
            var processor = new PartitionProcessor(Options, new TopicPartition(LogTopics.Readings, partition.Key));
            processor.RestoreSettings([.. pins.Where(pin => pin.Partition == partition.Key)], book.Find);
            processor.Table.CompleteLoad();
            processor.RestorePartition([]);
            processor.Table.CompleteReplay();
            foreach (var record in partition)
            {
                processor.Process(record);
            }

            var outputs = processor.Outputs;
            for (var i = 0; i < outputs.Count; i++)
            {
                outputs.Get(i, out var topic, out var key, out var value);
                lines.Add(Line(topic, key, value));
            }
        }

        return Ordered(lines);
    }

    private static (string Key, string Line) Line(string topic, ReadOnlySpan<byte> key, ReadOnlySpan<byte> value)
    {
        var name = $"{topic} {Encoding.UTF8.GetString(key)}";
        return (name, $"{name} {Convert.ToHexString(value)}");
    }
}
