using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.IntegrationTests.Support;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.IntegrationTests.Kafka;

/// <summary>Each way into a real broker once, and what is said when the broker or we refuse.</summary>
public sealed class KafkaSecurityTests(SecureBroker broker) : IClassFixture<SecureBroker>
{
    private const string WrongPassword = "tr0ub4dor-and-3";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Broker_whose_certificate_our_authority_signed_is_trusted()
    {
        broker.Need();

        (await ConnectAsync(broker.Tls)).Brokers.ShouldBe([broker.Tls.BootstrapServers!]);
    }

    [Fact]
    public async Task Broker_whose_certificate_another_authority_signed_is_refused_with_the_setting_to_check()
    {
        broker.Need();

        var error = await RefusedAsync(broker.Tls with { SslCaFile = broker.StrangerFile });

        error.Message.ShouldContain("not signed by an authority");
        error.Message.ShouldContain("Kafka:SslCaFile");
    }

    [Fact]
    public async Task Client_certificate_is_shown_where_the_broker_asks_for_one()
    {
        broker.Need();

        var cluster = await ConnectAsync(
            broker.Mutual with { SslCertificateFile = broker.ClientFile, SslKeyFile = broker.ClientFile });

        cluster.Brokers.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Missing_client_certificate_is_named()
    {
        broker.Need();

        (await RefusedAsync(broker.Mutual)).Message.ShouldContain("Kafka:SslCertificateFile");
    }

    [Theory]
    [InlineData(KafkaSecurityProtocol.SaslSsl)]
    [InlineData(KafkaSecurityProtocol.SaslPlaintext)]
    public async Task User_with_the_right_password_is_let_in_by_SCRAM(KafkaSecurityProtocol protocol)
    {
        broker.Need();
        var options = broker.Scram(protocol);

        (await ConnectAsync(options)).Brokers.ShouldBe([options.BootstrapServers!]);
    }

    [Theory]
    [InlineData(KafkaSecurityProtocol.SaslSsl)]
    [InlineData(KafkaSecurityProtocol.SaslPlaintext)]
    public async Task Wrong_password_is_an_error_at_once_and_stays_secret(KafkaSecurityProtocol protocol)
    {
        broker.Need();

        var error = await RefusedAsync(broker.Scram(protocol) with { SaslPasswordFile = broker.Secret($"wrong-{protocol}", WrongPassword) });

        error.Message.ShouldContain($"does not accept user '{SecureBroker.User}'");
        error.Message.ShouldContain("Kafka:SaslPasswordFile");
        error.ToString().ShouldNotContain(WrongPassword);
    }

    [Fact]
    public async Task Plain_client_at_a_TLS_listener_is_told_of_the_protocol()
    {
        broker.Need();

        var error = await Should.ThrowAsync<RecordLogException>(
            () => ConnectAsync(broker.Tls with { SecurityProtocol = KafkaSecurityProtocol.Plaintext }));

        error.Error.ShouldBe(RecordLogError.Unavailable);
        error.Message.ShouldContain("Kafka:SecurityProtocol");
    }

    [Fact]
    public async Task Command_over_TLS_and_SCRAM_makes_the_topics_and_shows_no_secret()
    {
        broker.Need();
        var options = broker.Scram(KafkaSecurityProtocol.SaslSsl);

        var (code, output, errors) = await TelemetryProcess.RunAsync(["topics", "apply", "--log-level", "Verbose", .. Flags(options)]);

        code.ShouldBe(0, errors);
        output.ShouldContain("created telemetry.readings.v1");
        (output + errors).ShouldNotContain(SecureBroker.Password);
    }

    [Fact]
    public async Task Command_with_a_wrong_password_ends_with_one_sentence()
    {
        broker.Need();
        var options = broker.Scram(KafkaSecurityProtocol.SaslSsl) with { SaslPasswordFile = broker.Secret("wrong-too", WrongPassword) };

        var (code, output, errors) = await TelemetryProcess.RunAsync(["topics", "check", .. Flags(options)]);

        code.ShouldBe(2);
        errors.Split('\n').Length.ShouldBe(1, errors);
        (output + errors).ShouldNotContain(WrongPassword);
    }

    [Theory]
    [InlineData(KafkaSecurityProtocol.SaslSsl)]
    [InlineData(KafkaSecurityProtocol.SaslPlaintext)]
    public async Task Records_go_through_SCRAM_and_come_back(KafkaSecurityProtocol protocol)
    {
        broker.Need();
        var topic = $"secured-{protocol}";
        var options = broker.Scram(protocol);
        await using var log = KafkaLog.Open(options, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync([new TopicSpec(topic, 1)], Cancel);
        await using var producer = await log.OpenTransactionalProducerAsync(topic, new ProducerOptions(), Cancel);
        producer.BeginTransaction();
        for (var i = 0; i < 100; i++)
        {
            producer.TryAppend(new NewRecord { Topic = topic, Key = "k"u8, Value = BitConverter.GetBytes(i), TimestampMs = 1 }, null, 0)
                .ShouldBeTrue();
        }

        await producer.CommitTransactionAsync(Cancel);
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = topic, Topics = [topic] });
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        var values = new List<int>();
        while (values.Count < 100)
        {
            values.AddRange((await consumer.PollAsync(100, TimeSpan.FromSeconds(1), deadline.Token))
                .Select(record => BitConverter.ToInt32(record.Value.Span)));
        }

        values.ShouldBe(Enumerable.Range(0, 100));
        await consumer.CommitAsync(
            new Dictionary<TopicPartition, CommittedOffset> { [new TopicPartition(topic, 0)] = new(100) }, Cancel);
    }

    private static string[] Flags(KafkaOptions options) =>
    [
        "--kafka", options.BootstrapServers!,
        "--set", $"Kafka:SecurityProtocol={options.SecurityProtocol}",
        "--set", $"Kafka:SslCaFile={options.SslCaFile}",
        "--set", $"Kafka:SaslUsername={options.SaslUsername}",
        "--set", $"Kafka:SaslPasswordFile={options.SaslPasswordFile}",
    ];

    private static async Task<RecordLogException> RefusedAsync(KafkaOptions options)
    {
        var error = await Should.ThrowAsync<RecordLogException>(() => ConnectAsync(options));
        error.Error.ShouldBe(RecordLogError.AccessDenied, error.Message);
        return error;
    }

    private static async Task<ClusterDescription> ConnectAsync(KafkaOptions options)
    {
        using var admin = await KafkaTopicAdmin.ConnectAsync(options, Cancel);
        return (await admin.CompareAsync([], Cancel)).Cluster;
    }
}
