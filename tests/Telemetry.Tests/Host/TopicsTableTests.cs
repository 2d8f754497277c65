using System.Reflection;
using Telemetry.Contracts;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Host;

public sealed class TopicsTableTests
{
    [Fact]
    public void Page_of_topics_is_what_the_program_prints()
    {
        var page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "topics.md"));

        page.ShouldBe(TopicsTable.Write(), "run ./telemetry topics docs > docs/topics.md");
    }

    [Fact]
    public void Every_named_topic_is_in_the_catalogue_once()
    {
        var named = typeof(LogTopics).GetFields(BindingFlags.Public | BindingFlags.Static).Select(f => (string)f.GetRawConstantValue()!);

        Topics.Catalogue(new LogOptions()).Select(s => s.Name).ShouldBe(named, ignoreOrder: true);
    }

    [Fact]
    public void State_topics_are_partitioned_as_the_readings_they_belong_to()
    {
        var topics = Topics.Catalogue(new LogOptions { Partitions = 12 }).ToDictionary(s => s.Name);

        topics[LogTopics.DetectorState].Partitions.ShouldBe(12);
        topics[LogTopics.SinkState].Partitions.ShouldBe(topics[LogTopics.Readings].Partitions);
        topics[LogTopics.SinkState].Compacted.ShouldBeTrue();
    }
}
