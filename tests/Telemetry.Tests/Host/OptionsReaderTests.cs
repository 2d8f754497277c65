using System.ComponentModel.DataAnnotations;
using System.Net;
using Microsoft.Extensions.Configuration;
using Telemetry.Host.Configuration;

namespace Telemetry.Tests.Host;

public sealed class OptionsReaderTests
{
    [Fact]
    public void Settings_left_out_keep_their_defaults()
    {
        var options = Read([]);

        options.Inner.Port.ShouldBe(1883);
        options.Wait.ShouldBe(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void Nested_settings_lists_addresses_and_durations_are_read()
    {
        var options = Read(new()
        {
            ["Inner:Port"] = "0",
            ["Inner:Address"] = "localhost",
            ["Wait"] = "250ms",
            ["Names:0"] = "a",
            ["Names:1"] = "b",
        });

        options.Inner.Port.ShouldBe(0);
        options.Inner.Address.ShouldBe(IPAddress.Loopback);
        options.Wait.ShouldBe(TimeSpan.FromMilliseconds(250));
        options.Names.ShouldBe(["a", "b"]);
    }

    [Fact]
    public void Every_error_is_reported_at_once_with_key_value_and_fix()
    {
        var error = Should.Throw<ConfigurationException>(() => Read(new()
        {
            ["Inner:Prot"] = "1",
            ["Inner:Address"] = "here",
            ["Wait"] = "soon",
            ["Inner:Port"] = "70000",
        }));

        error.Errors.Count.ShouldBe(4);
        error.Message.ShouldContain("Inner:Prot");
        error.Message.ShouldContain("Did you mean Inner:Port?");
        error.Message.ShouldContain("\"soon\"");
        error.Message.ShouldContain("250ms");
        error.Message.ShouldContain("70000");
    }

    [Fact]
    public void Password_does_not_appear_in_an_error()
    {
        var error = Should.Throw<ConfigurationException>(() => Read(new() { ["Inner:Password"] = "hunter2" }));

        error.Message.ShouldNotContain("hunter2");
    }

    [Fact]
    public void One_value_given_to_a_list_is_a_list_of_one_and_an_empty_one_is_empty()
    {
        Read(new() { ["Names"] = "a" }).Names.ShouldBe(["a"]);
        Read(new() { ["Peers"] = "http://127.0.0.1:1" }).Peers.ShouldBe([new Uri("http://127.0.0.1:1")]);
        Read(new() { ["Names"] = "" }).Names.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Peers", "nowhere", "an absolute URL")]
    [InlineData("Inners", "x", "Inners:0:")]
    [InlineData("Inner", "x", "Inner:Name")]
    public void One_value_where_it_says_nothing_is_an_error_with_the_way_out(string key, string value, string fix)
    {
        var error = Should.Throw<ConfigurationException>(() => Read(new() { [key] = value }));

        error.Message.ShouldContain(key);
        error.Message.ShouldContain(fix);
    }

    [Theory]
    [InlineData("Wait:0", "5s", "Wait:0")]
    [InlineData("Inner:Port:Low", "1", "Inner:Port:Low")]
    public void Several_values_where_one_belongs_are_an_error_and_never_the_default(string key, string value, string named)
    {
        var error = Should.Throw<ConfigurationException>(() => Read(new() { [key] = value }));

        error.Message.ShouldContain(named);
    }

    [Fact]
    public void Null_for_a_number_or_a_duration_is_an_error_and_never_zero()
    {
        var error = Should.Throw<ConfigurationException>(() => Read(new() { ["Inner:Port"] = null, ["Wait"] = null }));

        error.Errors.Count.ShouldBe(2);
    }

    [Fact]
    public void A_list_given_both_ways_is_an_error_naming_both()
    {
        var error = Should.Throw<ConfigurationException>(() => Read(new() { ["Names"] = "a", ["Names:0"] = "b" }));

        error.Message.ShouldContain("Names:0");
    }

    private static Outer Read(Dictionary<string, string?> values) =>
        new OptionsReader(new ConfigurationBuilder().AddInMemoryCollection(values).Build()).Read<Outer>();

    public sealed record Outer
    {
        public Inner Inner { get; init; } = new();

        public TimeSpan Wait { get; init; } = TimeSpan.FromSeconds(5);

        public IReadOnlyList<string> Names { get; init; } = [];

        public IReadOnlyList<Uri> Peers { get; init; } = [];

        public IReadOnlyList<Inner> Inners { get; init; } = [];
    }

    public sealed record Inner
    {
        [Range(0, 65535)]
        public int Port { get; init; } = 1883;

        public IPAddress Address { get; init; } = IPAddress.Loopback;

        [MaxLength(3)]
        public string Password { get; init; } = "";
    }
}
