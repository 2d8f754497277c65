using System.Text;
using Telemetry.Edge;
using Telemetry.Edge.Security;

namespace Telemetry.Tests.Edge;

public sealed class SecurityTests
{
    private static readonly AccessRuleOptions Device = new()
    {
        Publish = ["telemetry/v1/{client}/+"],
        Subscribe = ["cmd/{client}/#", "news"],
    };

    private readonly AccessList _list = new([Device, new AccessRuleOptions { User = "root", Publish = ["#"], Subscribe = ["#"] }]);

    [Theory]
    [InlineData("d1", "telemetry/v1/d1/readings", true)]
    [InlineData("d1", "telemetry/v1/d2/readings", false)]
    [InlineData("d1", "telemetry/v1/d1/a/b", false)]
    [InlineData("+", "telemetry/v1/+/readings", false)]
    public void Client_may_publish_under_its_own_name_only(string client, string topic, bool expected) =>
        _list.MayPublish(new MqttClientIdentity(client, null, null), Encoding.UTF8.GetBytes(topic)).ShouldBe(expected);

    [Theory]
    [InlineData("cmd/d1/#", true)]
    [InlineData("cmd/d1/+/x", true)]
    [InlineData("cmd/d1", true)]
    [InlineData("cmd/+/x", false)]
    [InlineData("cmd/#", false)]
    [InlineData("#", false)]
    [InlineData("news", true)]
    public void Subscription_must_be_covered_by_a_rule(string filter, bool expected) =>
        _list.MaySubscribe(new MqttClientIdentity("d1", null, null), Encoding.UTF8.GetBytes(filter)).ShouldBe(expected);

    [Fact]
    public void Hash_with_dollar_topics_is_not_covered_by_a_wildcard()
    {
        var root = new MqttClientIdentity("x", "root", null);
        _list.MaySubscribe(root, "#"u8).ShouldBeTrue();
        _list.MaySubscribe(root, "$SYS/#"u8).ShouldBeFalse();
    }

    [Fact]
    public void Password_hash_accepts_its_password_only()
    {
        var hash = PasswordHash.Create("secret"u8, 1_000);
        PasswordHash.Verify("secret"u8, hash).ShouldBeTrue();
        PasswordHash.Verify("Secret"u8, hash).ShouldBeFalse();
        Should.Throw<FormatException>(() => PasswordHash.Verify("secret"u8, "md5$1$a$b"));
    }
}
