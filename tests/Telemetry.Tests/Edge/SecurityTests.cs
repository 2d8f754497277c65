using System.Text;
using Telemetry.Edge;
using Telemetry.Edge.Security.Rules;

namespace Telemetry.Tests.Edge;

public sealed class SecurityTests : IDisposable
{
    private static readonly AccessRules List = AccessRules.Load(new EdgeOptions
    {
        AccessRules =
        [
            new AccessRuleOptions { Publish = ["telemetry/v1/{client}/+"], Subscribe = ["cmd/{client}/#", "news"] },
            new AccessRuleOptions { User = "root", Publish = ["#"], Subscribe = ["#"] },
        ],
    });

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-rules-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData("d1", "telemetry/v1/d1/readings", true)]
    [InlineData("d1", "telemetry/v1/d2/readings", false)]
    [InlineData("d1", "telemetry/v1/d1/a/b", false)]
    [InlineData("+", "telemetry/v1/+/readings", false)]
    public void Client_may_publish_under_its_own_name_only(string client, string topic, bool expected) =>
        (List.MayPublish(new MqttClientIdentity(client, null, null), Encoding.UTF8.GetBytes(topic)) != PublishRight.Denied).ShouldBe(expected);

    [Theory]
    [InlineData("cmd/d1/#", true)]
    [InlineData("cmd/d1/+/x", true)]
    [InlineData("cmd/d1", true)]
    [InlineData("cmd/+/x", false)]
    [InlineData("cmd/#", false)]
    [InlineData("#", false)]
    [InlineData("news", true)]
    public void Subscription_must_be_covered_by_a_rule(string filter, bool expected) =>
        List.MaySubscribe(new MqttClientIdentity("d1", null, null), Encoding.UTF8.GetBytes(filter)).ShouldBe(expected);

    [Fact]
    public void Hash_with_dollar_topics_is_not_covered_by_a_wildcard()
    {
        var root = new MqttClientIdentity("x", "root", null);
        List.MaySubscribe(root, "#"u8).ShouldBeTrue();
        List.MaySubscribe(root, "$SYS/#"u8).ShouldBeFalse();
    }

    [Theory]
    // A denial wins, wherever it stands.
    [InlineData("allow publish everyone a/#|deny publish everyone a/secret", "ann", "publish", "a/secret", PublishRight.Denied)]
    [InlineData("deny publish everyone a/secret|allow publish user=ann a/secret", "ann", "publish", "a/secret", PublishRight.Denied)]
    [InlineData("allow publish everyone a/#|deny publish everyone a/secret", "ann", "publish", "a/b", PublishRight.Allowed)]
    // Without a rule that allows, all that is not denied is allowed; with one, nothing else is.
    [InlineData("deny publish everyone a/secret", "ann", "publish", "b", PublishRight.Allowed)]
    [InlineData("allow publish everyone a", "ann", "publish", "b", PublishRight.Denied)]
    [InlineData("allow publish everyone a", "ann", "subscribe", "b", PublishRight.Denied)]
    [InlineData("", "ann", "publish", "b", PublishRight.Allowed)]
    // Whom it is about.
    [InlineData("allow publish user=ann a", "ann", "publish", "a", PublishRight.AllowedByName)]
    [InlineData("allow publish user=ann a", "bob", "publish", "a", PublishRight.Denied)]
    [InlineData("allow publish users a", "ann", "publish", "a", PublishRight.Allowed)]
    [InlineData("allow publish anonymous a", "ann", "publish", "a", PublishRight.Denied)]
    [InlineData("allow publish certificate=pump a", "ann", "publish", "a", PublishRight.AllowedByName)]
    [InlineData("allow publish client=c1 a", "ann", "publish", "a", PublishRight.Allowed)]
    [InlineData("allow publish \"user=ann b\" a c", "ann b", "publish", "a c", PublishRight.AllowedByName)]
    // Place holders.
    [InlineData("allow all everyone x/{device}/#", "ann", "publish", "x/ann/1", PublishRight.Allowed)]
    [InlineData("allow all everyone x/{device}/#", "ann", "subscribe", "x/bob/1", PublishRight.Denied)]
    [InlineData("deny all everyone x/{certificate}|allow all everyone #", "ann", "publish", "x/pump", PublishRight.Denied)]
    // A denial of everything means everything.
    [InlineData("allow subscribe everyone $SYS/#|deny subscribe user=ann #", "ann", "subscribe", "$SYS/broker/uptime", PublishRight.Denied)]
    public void Rules_count_in_this_order(string rules, string user, string action, string topic, PublishRight expected)
    {
        var list = Read(rules.Replace('|', '\n'));
        list.Explain(new MqttClientIdentity("c1", user, "pump"), action == "publish", topic).Right.ShouldBe(expected);
    }

    [Fact]
    public void Wider_subscription_is_granted_and_what_is_denied_of_it_is_not_received()
    {
        var list = Read("deny subscribe everyone secret/#");
        var client = new MqttClientIdentity("c", null, null);
        list.MaySubscribe(client, "#"u8).ShouldBeTrue();
        list.MaySubscribe(client, "secret/#"u8).ShouldBeFalse();
        list.MaySubscribe(client, "secret/+/x"u8).ShouldBeFalse();
        list.MaySubscribe(client, "secret/1"u8).ShouldBeFalse();
        list.MaySubscribe(client, "open/1"u8).ShouldBeTrue();
    }

    [Fact]
    public void Device_is_the_user_or_else_the_certificate_or_else_the_client_id()
    {
        var list = Read("allow publish everyone x/{device}");
        list.MayPublish(new MqttClientIdentity("c", null, null), "x/c"u8).ShouldBe(PublishRight.Allowed);
        list.MayPublish(new MqttClientIdentity("c", null, "pump"), "x/pump"u8).ShouldBe(PublishRight.Allowed);
        list.MayPublish(new MqttClientIdentity("c", null, "pump"), "x/c"u8).ShouldBe(PublishRight.Denied);
        list.MayPublish(new MqttClientIdentity("c", "ann", "pump"), "x/ann"u8).ShouldBe(PublishRight.Allowed);
        list.MayPublish(new MqttClientIdentity("c", "ann", "pump"), "x/pump"u8).ShouldBe(PublishRight.Denied);
    }

    [Theory]
    [InlineData("permit publish everyone a", "not a rule")]
    [InlineData("allow publish everyone", "not a rule")]
    [InlineData("allow read everyone a", "not a rule")]
    [InlineData("allow publish nobody a", "names nobody")]
    [InlineData("allow publish user= a", "names nobody")]
    [InlineData("allow publish everyone a/#/b", "not a topic filter")]
    [InlineData("allow publish everyone a/{devise}/b", "{devise}")]
    [InlineData("allow publish everyone a/x{user}/b", "x{user}")]
    public void Line_that_is_no_rule_is_refused_with_its_number(string line, string says)
    {
        var error = Should.Throw<EdgeConfigurationException>(() => Read($"# rules\n\nallow all everyone a\n{line}\n"));
        error.Message.ShouldContain("line 4");
        error.Message.ShouldContain(says);
    }

    [Fact]
    public void Answer_names_the_rule_it_comes_from()
    {
        var list = Read("allow publish users a/#\ndeny all user=ann a/secret/#");
        var ann = new MqttClientIdentity("c", "ann", null);
        list.Explain(ann, publish: true, "a/secret/x").Why.ShouldBe("deny all user=ann a/secret/# (line 2)");
        list.Explain(ann, publish: true, "a/x").Why.ShouldBe("allow publish users a/# (line 1)");
        list.Explain(ann, publish: true, "b").Why.ShouldBe("no rule allows it");
    }

    private AccessRules Read(string rules)
    {
        var file = Path.Combine(_folder.FullName, "rules");
        File.WriteAllText(file, rules);
        return AccessRules.Load(new EdgeOptions { RulesFile = file });
    }
}
