using System.Text;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Mqtt;

public sealed class TopicTests
{
    [Theory]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/ranking", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true)]
    [InlineData("sport/tennis/player1/#", "sport/tennis/player10", false)]
    [InlineData("sport/#", "sport", true)]
    [InlineData("sport/#", "sport/", true)]
    [InlineData("sport/#", "sports", false)]
    [InlineData("#", "sport", true)]
    [InlineData("#", "/", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1", true)]
    [InlineData("sport/tennis/+", "sport/tennis/player1/ranking", false)]
    [InlineData("sport/+", "sport", false)]
    [InlineData("sport/+", "sport/", true)]
    [InlineData("+", "sport", true)]
    [InlineData("+/+", "/finance", true)]
    [InlineData("/+", "/finance", true)]
    [InlineData("+", "/finance", false)]
    [InlineData("+/tennis/#", "sport/tennis", true)]
    [InlineData("+/+/+", "a//b", true)]
    [InlineData("a/+/b", "a//b", true)]
    [InlineData("a//b", "a//b", true)]
    [InlineData("a/b", "a/b/", false)]
    [InlineData("a/b/", "a/b", false)]
    [InlineData("a", "A", false)]
    [InlineData("#", "$SYS/x", false)]
    [InlineData("+/x", "$SYS/x", false)]
    [InlineData("$SYS/#", "$SYS/x", true)]
    [InlineData("$SYS/+", "$SYS/x", true)]
    [InlineData("$SYS/#", "$SYS", true)]
    [InlineData("a/#", "a/$SYS", true)]
    [InlineData("$share/g/sport/#", "sport/x", true)]
    [InlineData("$share/g/#", "$SYS/x", false)]
    [InlineData("\u00C5", "a\u030A", false)]
    [Spec("MQTT-4.7.2-1"), Spec("MQTT-4.7.1.2"), Spec("MQTT-4.7.1.3"), Spec("MQTT-4.7.3-4")]
    [Spec("MQTT3-4.7.2-1"), Spec("MQTT3-4.7.3-4")]
    public void Filter_matches_as_the_specification_says(string filter, string topic, bool expected)
    {
        TopicFilter.Parse(filter).Matches(topic).ShouldBe(expected);
    }

    [Theory]
    [InlineData("a/#/b", "MQTT-4.7.1-1")]
    [InlineData("a#", "MQTT-4.7.1-1")]
    [InlineData("##", "MQTT-4.7.1-1")]
    [InlineData("#/", "MQTT-4.7.1-1")]
    [InlineData("a+", "MQTT-4.7.1-2")]
    [InlineData("a/+b", "MQTT-4.7.1-2")]
    [InlineData("++", "MQTT-4.7.1-2")]
    [InlineData("+#", "MQTT-4.7.1-2")]
    [InlineData("", "MQTT-4.7.3-1")]
    [InlineData("a\0b", "MQTT-3.8.3-1")]
    [InlineData("$share//t", "MQTT-4.8.2-1")]
    [InlineData("$share", "MQTT-4.8.2-2")]
    [InlineData("$share/g", "MQTT-4.8.2-2")]
    [InlineData("$share/", "MQTT-4.8.2-2")]
    [InlineData("$share/g/", "MQTT-4.8.2-2")]
    [InlineData("$share/g+/t", "MQTT-4.8.2-2")]
    [InlineData("$share/#/t", "MQTT-4.8.2-2")]
    [InlineData("$share/g/a#", "MQTT-4.7.1-1")]
    [Spec("MQTT-4.7.1-1"), Spec("MQTT-4.7.1-2"), Spec("MQTT-4.7.3-1"), Spec("MQTT-4.8.2-1"), Spec("MQTT-4.8.2-2")]
    public void Filter_against_the_grammar_is_refused(string filter, string clause)
    {
        TopicFilter.TryParse(filter, out var parsed, out var error).ShouldBeFalse();
        parsed.ShouldBeNull();
        error.Clause.ShouldBe(clause);
        Should.Throw<FormatException>(() => TopicFilter.Parse(filter));
    }

    [Fact]
    public void Shared_filter_is_taken_apart()
    {
        var filter = TopicFilter.Parse("$share/group/a/+/#");
        filter.IsShared.ShouldBeTrue();
        filter.ShareName.ShouldBe("group");
        filter.Filter.ShouldBe("a/+/#");
        filter.Text.ShouldBe("$share/group/a/+/#");
        filter.HasWildcards.ShouldBeTrue();
        TopicFilter.Parse("$shared/a").IsShared.ShouldBeFalse();
        TopicFilter.Parse("/").Filter.ShouldBe("/");
    }

    [Fact, Spec("MQTT-4.7.3-3")]
    public void Filter_of_65535_bytes_works_and_of_one_more_does_not()
    {
        TopicFilter.TryParse(Encoding.UTF8.GetBytes(new string('x', 65_535)), out _, out _).ShouldBeTrue();
        TopicFilter.TryParse(Encoding.UTF8.GetBytes(new string('x', 65_536)), out _, out var error).ShouldBeFalse();
        error.Clause.ShouldBe("MQTT-4.7.3-3");
    }

    [Theory]
    [InlineData("a", true)]
    [InlineData("/", true)]
    [InlineData("a b", true)]
    [InlineData("$SYS/x", true)]
    [InlineData("", false)]
    [InlineData("a/+", false)]
    [InlineData("a#", false)]
    [InlineData("a\0", false)]
    public void Topic_name_is_judged(string name, bool expected)
    {
        TopicName.IsValid(Encoding.UTF8.GetBytes(name)).ShouldBe(expected);
    }

    [Fact]
    public void Matching_agrees_with_a_slow_second_reading_of_the_rules()
    {
        var random = new Random(4711);
        string[] levels = ["", "a", "b", "$x"];
        string[] filterLevels = ["", "a", "b", "$x", "+", "#"];
        var matched = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var topic = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => levels[random.Next(4)]));
            var filter = string.Join('/', Enumerable.Range(0, random.Next(1, 5)).Select(_ => filterLevels[random.Next(6)]));
            if (topic.Length == 0 || !TopicFilter.TryParse(filter, out var parsed, out _))
            {
                continue;
            }
            var expected = Slowly(filter.Split('/'), topic.Split('/'));
            parsed.Matches(topic).ShouldBe(expected, $"'{filter}' and '{topic}'");
            matched += expected ? 1 : 0;
        }
        matched.ShouldBeGreaterThan(500);
    }

    private static bool Slowly(string[] filter, string[] topic)
    {
        if (topic[0].StartsWith('$') && filter[0] is "+" or "#" && topic[0].StartsWith('$'))
        {
            return false;
        }
        for (var i = 0; i < filter.Length; i++)
        {
            if (filter[i] == "#")
            {
                return topic.Length >= i;
            }
            if (i >= topic.Length || (filter[i] != "+" && filter[i] != topic[i]))
            {
                return false;
            }
        }
        return filter.Length == topic.Length;
    }
}
