using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using MQTTnet;
using MQTTnet.Packets;
using Telemetry.Bridge;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Upstream;
using Telemetry.Contracts;
using Telemetry.IntegrationTests.Edge;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Simulator;
using Telemetry.IntegrationTests.Support;
using Telemetry.Mqtt.Ingest;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Bridge.Upstream;

/// <summary>The client of another broker: when it acknowledges, what it subscribes to, how it gets in.</summary>
public sealed class UpstreamBridgeTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-upstream-");
    private readonly LogEntries _entries = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _entries.Dispose();
        _folder.Delete(recursive: true);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Message_is_acknowledged_in_the_order_of_receipt_and_only_once_the_log_has_it(int qos)
    {
        await using var mosquitto = await Mosquitto.StartAsync();
        var ingest = new ScriptedIngest();
        await using var bridge = await StartAsync(Options(mosquitto.Port) with { Filters = ["in/#"], Qos = qos }, ingest);
        await using var device = await TestClient.ConnectAsync(mosquitto.Port, "device");
        await device.PublishAsync("in/x", "one", (MQTTnet.Protocol.MqttQualityOfServiceLevel)qos);
        await device.PublishAsync("in/x", "two", (MQTTnet.Protocol.MqttQualityOfServiceLevel)qos);
        (await ingest.TakenAsync(2)).ShouldBe(["one", "two"]);
        bridge.Acknowledged.ShouldBe(0);

        ingest.Answer(1);
        bridge.Acknowledged.ShouldBe(0);
        ingest.Answer(0);

        await UntilAsync(() => bridge.Acknowledged == 2);
        await bridge.StopAsync(Cancel);

        // Nothing is left for the session.
        var rest = new ScriptedIngest();
        await using var again = await StartAsync(Options(mosquitto.Port) with { Filters = ["in/#"], Qos = qos }, rest);
        await device.PublishAsync("in/x", "three");
        (await rest.TakenAsync(1)).ShouldBe(["three"]);
        rest.Answer(0);
    }

    [Fact]
    public async Task Message_that_the_log_did_not_take_and_those_behind_it_come_again()
    {
        await using var mosquitto = await Mosquitto.StartAsync();
        var ingest = new ScriptedIngest();
        await using var bridge = await StartAsync(Options(mosquitto.Port) with { Filters = ["in/#"] }, ingest);
        await using var device = await TestClient.ConnectAsync(mosquitto.Port, "device");
        foreach (var payload in (string[])["one", "two", "three"])
        {
            await device.PublishAsync("in/x", payload);
        }

        await ingest.TakenAsync(3);
        ingest.Answer(2);
        ingest.Answer(0);
        ingest.Answer(1, IngestOutcome.Failed);

        (await ingest.TakenAsync(5)).Skip(3).ShouldBe(["two", "three"]);
        ingest.Answer(3);
        ingest.Answer(4);
        await UntilAsync(() => bridge.Acknowledged == 3);
    }

    [Fact]
    public async Task Refused_message_is_a_dead_letter_and_acknowledged()
    {
        await using var mosquitto = await Mosquitto.StartAsync();
        await using var log = await OpenLogAsync();
        await using var producer = log.CreateProducer(new ProducerOptions());
        await using var ingest = Ingest(producer, new UpstreamOptions());
        await using var bridge = await StartAsync(Options(mosquitto.Port) with { Filters = ["#"] }, ingest);
        await using var device = await TestClient.ConnectAsync(mosquitto.Port, "device");

        await device.PublishAsync("plant/unknown", "42");
        await device.PublishAsync("telemetry/v1/press-1/readings", "{\"what\":");
        await device.PublishAsync("telemetry/v1/press-1/readings", UpstreamLab.Payload(1));

        await UntilAsync(() => bridge.Acknowledged == 3);
        (await DeadLettersAsync(log)).ShouldBe(["unknown-topic", "malformed-json"], ignoreOrder: true);
        (await UpstreamLab.ReadAsync(log)).ShouldBe([("press-1", 1UL)]);
    }

    [Fact]
    public async Task Certificates_and_users_do_not_count_and_a_property_of_the_broker_may()
    {
        await using var mosquitto = await Mosquitto.StartAsync();
        await using var log = await OpenLogAsync();
        await using var producer = log.CreateProducer(new ProducerOptions());
        var upstream = Options(mosquitto.Port) with { Identity = UpstreamIdentity.UserProperty, IdentityProperty = "who" };
        await using var ingest = Ingest(producer, upstream, new BridgeOptions { RequireCertificate = true });
        await using var bridge = await StartAsync(upstream, ingest);
        await using var device = await TestClient.ConnectAsync(mosquitto.Port, "device");

        // A device may say what it likes; the last property is the broker's.
        await device.PublishAsync(Message(1, "press-2", "press-1"));
        await device.PublishAsync(Message(2, "press-1", "press-2"));
        await device.PublishAsync(Message(3));

        await UntilAsync(() => bridge.Acknowledged == 3);
        (await UpstreamLab.ReadAsync(log)).ShouldBe([("press-1", 1UL)]);
        (await DeadLettersAsync(log)).ShouldBe(["identity-mismatch", "identity-mismatch"]);

        static MqttApplicationMessage Message(int sequence, params string[] properties) => new()
        {
            Topic = "telemetry/v1/press-1/readings",
            Payload = new(System.Text.Encoding.UTF8.GetBytes(UpstreamLab.Payload(sequence))),
            QualityOfServiceLevel = MQTTnet.Protocol.MqttQualityOfServiceLevel.AtLeastOnce,
            UserProperties = [.. properties.Select(p => new MqttUserProperty("who", System.Text.Encoding.UTF8.GetBytes(p).AsMemory()))],
        };
    }

    [Fact]
    public async Task Log_without_room_holds_the_broker_back_and_nothing_is_acknowledged()
    {
        await using var mosquitto = await Mosquitto.StartAsync("max_inflight_messages 10\n");
        var ingest = new ScriptedIngest();
        ingest.Fill();
        await using var bridge = await StartAsync(Options(mosquitto.Port) with { Filters = ["in/#"] }, ingest);
        await using var device = await TestClient.ConnectAsync(mosquitto.Port, "device");
        for (var i = 0; i < 50; i++)
        {
            await device.PublishAsync("in/x", i.ToString(CultureInfo.InvariantCulture));
        }

        await UntilAsync(() => bridge.Received > 0);
        bridge.Acknowledged.ShouldBe(0);
        ingest.MakeRoom();
        for (var i = 0; i < 50; i++)
        {
            await ingest.TakenAsync(i + 1);
            ingest.Answer(i);
        }

        (await ingest.TakenAsync(50)).ShouldBe(Enumerable.Range(0, 50).Select(i => i.ToString(CultureInfo.InvariantCulture)));
        await UntilAsync(() => bridge.Acknowledged == 50);
    }

    [Fact]
    public async Task Instances_on_our_own_broker_share_its_messages()
    {
        const int Count = 200;
        await using var broker = await TestBroker.StartAsync();
        await using var log = await OpenLogAsync();
        await using var producer = log.CreateProducer(new ProducerOptions());
        await using var ingest = Ingest(producer, new UpstreamOptions());
        await using var first = await StartAsync(Options(broker.Port) with { ClientId = "bridge-a" }, ingest);
        await using var second = await StartAsync(Options(broker.Port) with { ClientId = "bridge-b" }, ingest);

        await UpstreamLab.PublishAsync(broker.Port, "press-1", 1, Count);

        await UntilAsync(() => first.Acknowledged + second.Acknowledged == Count);
        first.Acknowledged.ShouldBeGreaterThan(0);
        second.Acknowledged.ShouldBeGreaterThan(0);
        (await UpstreamLab.ReadAsync(log)).Order().ShouldBe(UpstreamLab.Ids("press-1", Count).Order());
    }

    [Fact]
    public async Task Session_taken_over_by_another_client_is_told_with_what_to_do()
    {
        await using var broker = await TestBroker.StartAsync();
        var options = Options(broker.Port) with { ReconnectPause = TimeSpan.FromMinutes(1), ReconnectPauseMax = TimeSpan.FromMinutes(1) };
        await using var bridge = await StartAsync(options, new ScriptedIngest());

        await using var other = await TestClient.ConnectAsync(broker.Port, options.ClientId);

        await UntilAsync(() => bridge.NotReadyReason?.Contains("took the session over", StringComparison.Ordinal) == true);
        bridge.NotReadyReason.ShouldNotBeNull().ShouldContain("--instance");
    }

    [Fact]
    public async Task Client_gets_in_with_authority_certificate_and_password_from_files_and_is_told_what_is_wrong_without()
    {
        using var authority = new TestAuthority();
        using var stranger = new TestAuthority();
        var password = Path.Combine(_folder.FullName, "password");
        await File.WriteAllTextAsync(password, "secret\n", Cancel);
        var passwords = Path.Combine(_folder.FullName, "passwords");
        var tool = ClientProcess.Find("mosquitto_passwd");
        Assert.SkipWhen(tool is null, "mosquitto_passwd is not installed (Debian: mosquitto).");
        await ClientProcess.RunAsync(tool!, ["-b", "-c", passwords, "bridge", "secret"]);
        await using var mosquitto = await Mosquitto.StartAsync(
            $"allow_anonymous false\npassword_file {passwords}\ncafile {authority.RootFile}\ncertfile {authority.ServerPem()}\nkeyfile {authority.ServerPem()}\nrequire_certificate true\n");
        var options = Options(mosquitto.Port) with
        {
            Broker = $"mqtts://localhost:{mosquitto.Port}",
            CaFile = authority.RootFile,
            CertificateFile = authority.ClientPem("bridge"),
            UserName = "bridge",
            PasswordFile = password,
        };

        await using (var bridge = await StartAsync(options, new ScriptedIngest()))
        {
            bridge.NotReadyReason.ShouldBeNull();
        }

        (await ReasonAsync(options with { CaFile = stranger.RootFile })).ShouldContain("CaFile");
        (await ReasonAsync(options with { CaFile = password })).ShouldContain($"CaFile '{password}'");
        (await ReasonAsync(options with { UserName = "nobody" })).ShouldContain("PasswordFile");
    }

    [Fact]
    public async Task Broker_of_MQTT_3_1_1_without_shared_subscriptions_is_read_plainly_and_that_is_told()
    {
        await using var broker = new OldBroker();
        var ingest = new ScriptedIngest();
        await using var bridge = await StartAsync(Options(broker.Port) with { Filters = ["in/#"] }, ingest);

        broker.Filters.ShouldBe(["in/#"]);
        _entries.All.Select(e => e.Id).ShouldContain(2042);
        await broker.PublishAsync("in/x", "one", id: 7);
        (await ingest.TakenAsync(1)).ShouldBe(["one"]);
        broker.Acknowledged.ShouldBeEmpty();
        ingest.Answer(0);
        await UntilAsync(() => broker.Acknowledged.Count == 1);
        broker.Acknowledged.ShouldBe([(ushort)7]);
    }

    [Fact]
    public async Task Bridge_without_a_broker_is_refused_with_the_flag_that_names_one()
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync("bridge", "--data", _folder.FullName);

        code.ShouldBe(2);
        errors.ShouldContain("--broker mqtt://HOST:PORT");
    }

    private static UpstreamOptions Options(int port) => new()
    {
        Broker = $"mqtt://127.0.0.1:{port}", ClientId = "bridge", ReconnectPause = TimeSpan.FromMilliseconds(20), ReconnectPauseMax = TimeSpan.FromMilliseconds(100),
    };

    private static ReadingIngest Ingest(IRecordProducer producer, UpstreamOptions upstream, BridgeOptions? bridge = null) => new(
        UpstreamBridge.Judging(bridge ?? new BridgeOptions(), upstream), producer, TimeProvider.System, NullLogger<ReadingIngest>.Instance);

    private async Task<UpstreamBridge> StartAsync(UpstreamOptions options, IIngest ingest)
    {
        var bridge = Create(options, ingest);
        bridge.Start();
        await UntilAsync(() => bridge.NotReadyReason is null, () => bridge.NotReadyReason);
        return bridge;
    }

    private UpstreamBridge Create(UpstreamOptions options, IIngest ingest) =>
        new(options, new BridgeOptions(), "test", ingest, TimeProvider.System, new Logger<UpstreamBridge>(_entries));

    private async Task<string> ReasonAsync(UpstreamOptions options)
    {
        await using var bridge = Create(options with { ClientId = "other" }, new ScriptedIngest());
        var before = bridge.NotReadyReason;
        bridge.Start();
        await UntilAsync(() => bridge.NotReadyReason != before);
        return bridge.NotReadyReason!;
    }

    private async Task<JournalLog> OpenLogAsync()
    {
        var log = JournalLog.Open(
            new JournalOptions { Directory = Path.Combine(_folder.FullName, "journal"), FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync([new TopicSpec(LogTopics.Readings, 2), new TopicSpec(LogTopics.DeadLetters, 2)], Cancel);
        return log;
    }

    private static async Task<IReadOnlyList<string>> DeadLettersAsync(IRecordLog log)
    {
        var causes = new List<string>();
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        await log.AssignSinceAsync(consumer, [LogTopics.DeadLetters], DateTimeOffset.UnixEpoch, Cancel);
        while (await consumer.PollAsync(100, TimeSpan.Zero, Cancel) is { Count: > 0 } records)
        {
            foreach (var record in records)
            {
                Telemetry.Contracts.Wire.ConfluentFrame.TryRead(record.Value, out _, out var message).ShouldBeTrue();
                causes.Add(Telemetry.Contracts.V1.DeadLetter.Parser.ParseFrom(message.Span).Cause);
            }
        }

        return causes;
    }

    private static async Task UntilAsync(Func<bool> condition, Func<string?>? say = null)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!condition())
        {
            limit.IsCancellationRequested.ShouldBeFalse(say?.Invoke());
            await Task.Delay(5, Cancel);
        }
    }
}
