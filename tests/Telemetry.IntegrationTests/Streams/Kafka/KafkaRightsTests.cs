using Telemetry.Contracts.Faults;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Streams.Kafka;

/// <summary>A cluster that denies single rights: what is missing is told as that, and not as a fence or an outage.</summary>
public sealed class KafkaRightsTests : IAsyncLifetime
{
    private const string Anybody = "User:ANONYMOUS";

    private KafkaCluster? _cluster;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if (KafkaCluster.MissingReason(own: true) is null)
        {
            _cluster = await KafkaCluster.StartAsync(
                1, "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer", "allow.everyone.if.no.acl.found=true",
                "transaction.max.timeout.ms=60000");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }

    [Fact]
    public async Task Transactional_id_that_is_denied_is_a_missing_right_and_no_fence()
    {
        await DenyAsync("--transactional-id", "denied");
        await using var log = Open();

        var error = await Should.ThrowAsync<RecordLogException>(
            async () => await log.OpenTransactionalProducerAsync("denied", new ProducerOptions(), Cancel));

        error.Error.ShouldBe(RecordLogError.AccessDenied, error.Message);
        Fault.EndsProcess(error, ranBefore: false).ShouldBeTrue();
        error.Message.ShouldContain("transactional ids");
    }

    [Fact]
    public async Task Group_that_is_denied_is_a_missing_right_and_no_outage()
    {
        await DenyAsync("--group", "denied");
        await using var log = Open();
        await log.EnsureTopicsAsync([new TopicSpec("rights", 1)], Cancel);
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "denied", Topics = ["rights"] });

        var error = await Should.ThrowAsync<RecordLogException>(async () =>
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(TimeSpan.FromMinutes(1));
            while (true)
            {
                await consumer.PollAsync(10, TimeSpan.FromSeconds(1), limit.Token);
            }
        });

        error.Error.ShouldBe(RecordLogError.AccessDenied, error.Message);
        error.Message.ShouldContain("consumer groups");
    }

    [Fact]
    public async Task Transaction_longer_than_the_cluster_allows_is_a_wrong_setting_that_is_named()
    {
        await using var log = Open(options => options with { TransactionTimeout = TimeSpan.FromMinutes(15) });

        var error = await Should.ThrowAsync<RecordLogException>(
            async () => await log.OpenTransactionalProducerAsync("long", new ProducerOptions(), Cancel));

        error.Error.ShouldBe(RecordLogError.Misconfigured, error.Message);
        error.Message.ShouldContain("Kafka:TransactionTimeout");
    }

    private Task DenyAsync(string kind, string name)
    {
        Assert.SkipWhen(_cluster is null, KafkaCluster.MissingReason(own: true) ?? "");
        return _cluster!.ToolAsync("acls", "--add", "--deny-principal", Anybody, kind, name, "--operation", "All");
    }

    private KafkaLog Open(Func<KafkaOptions, KafkaOptions>? options = null)
    {
        Assert.SkipWhen(_cluster is null, KafkaCluster.MissingReason(own: true) ?? "");
        return KafkaHost.Open(_cluster!, options);
    }
}
