using Telemetry.IntegrationTests.Streams.Kafka;
using Telemetry.IntegrationTests.Support;
using Telemetry.Streams;
using Telemetry.Streams.Kafka.Clients;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.IntegrationTests.Kafka;

/// <summary>Declared topics beside those of a real cluster.</summary>
public sealed class TopicAdminTests(SharedKafka kafka)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Applying_creates_what_is_missing_and_leaves_nothing_to_do()
    {
        using var admin = await ConnectAsync();
        TopicSpec[] declared =
        [
            new(NewName(), 3, TimeSpan.FromDays(7), 1L << 30),
            new(NewName(), 3, Compacted: true) { Compaction = new CompactionSpec(TimeSpan.FromHours(1), 64 << 20, 0.2, TimeSpan.FromDays(1)) },
        ];

        var before = await admin.CompareAsync(declared, Cancel);
        await admin.ApplyAsync(before, declared, Cancel);
        var after = await admin.CompareAsync(declared, Cancel);

        before.Differences.Select(d => d.Remedy).ShouldBe([TopicRemedy.Create, TopicRemedy.Create]);
        after.Differences.ShouldBeEmpty();
        after.Topics[0].Configs["unclean.leader.election.enable"].ShouldBe("false");
        after.Topics[1].Configs["cleanup.policy"].ShouldBe("compact");
        after.Cluster.HasConsumerProtocol.ShouldBe(true);
    }

    [Fact]
    public async Task Settings_are_altered_and_the_others_left_alone()
    {
        using var admin = await ConnectAsync();
        var spec = new TopicSpec(NewName(), 2, TimeSpan.FromDays(7));
        await ApplyAsync(admin, spec);
        var other = spec with { RetentionTime = TimeSpan.FromDays(1), BatchBytesMax = 4 << 20 };

        var found = await admin.CompareAsync([other], Cancel);
        await admin.ApplyAsync(found, [other], Cancel);
        var after = await admin.CompareAsync([other], Cancel);

        found.Differences.Select(d => d.Setting).ShouldBe(["retention.ms", "max.message.bytes"], ignoreOrder: true);
        after.Differences.ShouldBeEmpty();
    }

    [Fact]
    public async Task Partitions_of_a_topic_that_exists_are_not_changed()
    {
        using var admin = await ConnectAsync();
        var spec = new TopicSpec(NewName(), 2, TimeSpan.FromDays(7));
        await ApplyAsync(admin, spec);
        var other = spec with { Partitions = 5 };

        await ApplyAsync(admin, other);
        var after = await admin.CompareAsync([other], Cancel);

        after.Topics.ShouldHaveSingleItem().Partitions.ShouldBe(2);
        after.Differences.ShouldHaveSingleItem().Remedy.ShouldBe(TopicRemedy.ByHand);
    }

    [Fact]
    public async Task Topics_made_by_the_log_itself_are_as_declared()
    {
        using var admin = await ConnectAsync();
        var spec = new TopicSpec(NewName(), 2, Compacted: true);
        await using var log = KafkaHost.Open(kafka.Cluster);

        await log.EnsureTopicsAsync([spec], Cancel);

        (await admin.CompareAsync([spec], Cancel)).Differences.ShouldBeEmpty();
    }

    [Fact]
    public async Task More_copies_than_brokers_are_refused_before_anything_is_made()
    {
        using var admin = await ConnectAsync();

        var error = await Should.ThrowAsync<RecordLogException>(
            () => admin.CompareAsync([new TopicSpec(NewName(), 1) { ReplicationFactor = 15 }], Cancel));

        error.Error.ShouldBe(RecordLogError.TopicMismatch);
    }

    [Fact]
    public async Task Command_prints_lag_of_every_group()
    {
        using var admin = await ConnectAsync();
        var servers = kafka.Cluster.BootstrapServers;
        var (made, _, problems) = await TelemetryProcess.RunAsync("topics", "apply", "--kafka", servers);
        made.ShouldBe(0, problems);

        var (code, output, errors) = await TelemetryProcess.RunAsync("lag", "--kafka", servers, "--json");

        code.ShouldBe(0, errors);
        using var json = System.Text.Json.JsonDocument.Parse(output);
        json.RootElement.GetProperty("groups").EnumerateArray().Select(g => g.GetProperty("group").GetString()).Distinct().ShouldBe(
            ["telemetry-alarm-incidents", "telemetry-alarms", "telemetry-processing", "telemetry-sparkplug", "telemetry-storage", "telemetry-storage-alarms", "telemetry-storage-anomalies", "telemetry-storage-catalogue", "telemetry-storage-device_events", "telemetry-storage-incidents"],
            ignoreOrder: true);
        json.RootElement.GetProperty("watermarks").EnumerateArray().Select(w => w.GetProperty("stage").GetString())
            .ShouldBe(["processed", "rolled_up"], ignoreOrder: true);
    }

    private static string NewName() => $"topics-{Guid.NewGuid():N}";

    private static async Task ApplyAsync(KafkaTopicAdmin admin, TopicSpec spec) =>
        await admin.ApplyAsync(await admin.CompareAsync([spec], Cancel), [spec], Cancel);

    private async Task<KafkaTopicAdmin> ConnectAsync()
    {
        await kafka.BeforeTestAsync();
        return await KafkaTopicAdmin.ConnectAsync(new KafkaOptions { BootstrapServers = kafka.Cluster.BootstrapServers }, Cancel);
    }
}
