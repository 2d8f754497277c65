using System.ComponentModel.DataAnnotations;
using Telemetry.Bridge;
using Telemetry.Bridge.Upstream;

namespace Telemetry.Tests.Bridge.Upstream;

public sealed class UpstreamOptionsTests
{
    [Fact]
    public void Filters_follow_the_patterns_of_the_bridge_unless_given()
    {
        var bridge = new BridgeOptions { Topics = [new() { Pattern = "plant/+/{device}/{sensor}" }, new() { Pattern = "telemetry/v1/{device}/readings" }] };

        UpstreamFilters.Of(new UpstreamOptions(), bridge).ShouldBe(["telemetry/v1/+/readings", "plant/+/+/+"]);
        UpstreamFilters.Of(new UpstreamOptions { Filters = ["spBv1.0/#"] }, bridge).ShouldBe(["spBv1.0/#"]);
    }

    [Theory]
    [InlineData("a/#/b", false)]
    [InlineData("a+/b", false)]
    [InlineData("", false)]
    [InlineData("$share/g/a", false)]
    [InlineData("#", true)]
    [InlineData("+/a/#", true)]
    public void Filter_is_checked_at_the_start(string filter, bool good) =>
        (UpstreamFilters.Problem(filter) is null).ShouldBe(good);

    [Theory]
    [InlineData("localhost:1883", "mqtt://HOST:PORT")]
    [InlineData("http://localhost", "mqtt://HOST:PORT")]
    [InlineData("mqtt://user:secret@localhost", "PasswordFile")]
    public void Address_that_is_none_is_refused_with_an_example(string broker, string hint)
    {
        var options = new UpstreamOptions { Broker = broker };

        options.Validate(new ValidationContext(options)).ShouldHaveSingleItem().ErrorMessage.ShouldNotBeNull().ShouldContain(hint);
    }

    [Fact]
    public void Settings_that_do_not_fit_each_other_are_refused()
    {
        var options = new UpstreamOptions
        {
            Broker = "mqtt://localhost", CaFile = "ca.pem", KeyFile = "key.pem", PasswordFile = "password", Group = "a/b",
            Identity = UpstreamIdentity.UserProperty, Protocol = UpstreamProtocol.V311,
        };

        options.Validate(new ValidationContext(options)).SelectMany(r => r.MemberNames)
            .ShouldBe(["PasswordFile", "KeyFile", "Broker", "Group", "Identity"], ignoreOrder: true);
    }
}
