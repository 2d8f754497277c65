using Telemetry.Streams;
using Telemetry.Streams.Kafka.Topics;

namespace Telemetry.Tests.Streams.Kafka;

public sealed class TopicComparisonTests
{
    private static readonly TopicSpec Spec = new("t", 6, TimeSpan.FromDays(7), 1L << 30);

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(3, 3, 2)]
    [InlineData(9, 3, 2)]
    public void Copies_left_at_automatic_follow_the_brokers(int brokers, int factor, int minInSync) =>
        Replication.Of(Spec, brokers).ShouldBe(new Replication(factor, minInSync));

    [Fact]
    public void More_copies_than_brokers_are_refused_with_the_way_out()
    {
        var error = Should.Throw<RecordLogException>(() => Replication.Of(Spec with { ReplicationFactor = 3 }, brokers: 1));

        error.Error.ShouldBe(RecordLogError.TopicMismatch);
        error.Message.ShouldContain("Kafka:ReplicationFactor");
    }

    [Fact]
    public void More_copies_in_sync_than_there_are_would_stop_every_append_and_are_refused() =>
        Should.Throw<RecordLogException>(() => Replication.Of(Spec with { ReplicationFactor = 2, MinInSyncReplicas = 3 }, brokers: 3))
            .Message.ShouldContain("no record would ever be acknowledged");

    [Fact]
    public void Topic_as_declared_has_no_difference() => Compare(Spec, Found(Spec, copies: 3)).ShouldBeEmpty();

    [Fact]
    public void Missing_topic_is_to_be_created()
    {
        var difference = Compare(Spec, null).ShouldHaveSingleItem();

        difference.Remedy.ShouldBe(TopicRemedy.Create);
        difference.Declared.ShouldBe("6 partitions, 3 copies");
    }

    [Fact]
    public void Other_partitions_are_left_to_people_and_the_reason_is_given()
    {
        var difference = Compare(Spec with { Partitions = 12 }, Found(Spec, copies: 3)).ShouldHaveSingleItem();

        difference.Remedy.ShouldBe(TopicRemedy.ByHand);
        difference.Advice!.ShouldContain("hash modulo");
        difference.Advice!.ShouldContain("Log:Partitions=6");
        difference.Advice!.ShouldContain("new topic version");
    }

    [Fact]
    public void Settings_that_differ_are_altered()
    {
        var found = Found(Spec, copies: 3, ("retention.ms", "1000"), ("unclean.leader.election.enable", "true"));

        Compare(Spec, found).Select(d => (d.Setting, d.Found, d.Remedy)).ShouldBe(
            [("retention.ms", "1000", TopicRemedy.Alter), ("unclean.leader.election.enable", "true", TopicRemedy.Alter)],
            ignoreOrder: true);
    }

    [Fact]
    public void Broker_that_is_away_does_not_make_three_copies_a_difference() =>
        TopicComparison.Compare(Spec, Found(Spec, copies: 3), brokers: 2).ShouldBeEmpty();

    [Fact]
    public void One_copy_on_a_cluster_that_has_grown_is_a_difference()
    {
        var difference = Compare(Spec, Found(Spec, copies: 1)).ShouldHaveSingleItem();

        (difference.Setting, difference.Declared, difference.Found).ShouldBe(("replication.factor", "3", "1"));
        difference.Remedy.ShouldBe(TopicRemedy.ByHand);
    }

    [Fact]
    public void Copies_in_sync_are_never_raised_beyond_the_copies_there_are()
    {
        var spec = Spec with { ReplicationFactor = 3, MinInSyncReplicas = 2 };

        var difference = Compare(spec, Found(Spec, copies: 1)).Single(d => d.Setting == "min.insync.replicas");

        difference.Remedy.ShouldBe(TopicRemedy.ByHand);
        difference.Advice!.ShouldContain("no record would be acknowledged");
    }

    private static List<TopicDifference> Compare(TopicSpec spec, TopicState? found) =>
        [.. TopicComparison.Compare(spec, found, brokers: 3)];

    private static TopicState Found(TopicSpec spec, int copies, params (string Name, string Value)[] other)
    {
        var configs = TopicConfigs.Of(spec, Replication.MinInSyncOf(copies)).ToDictionary();
        foreach (var (name, value) in other)
        {
            configs[name] = value;
        }

        return new TopicState(spec.Name, spec.Partitions, copies, copies, configs);
    }
}
