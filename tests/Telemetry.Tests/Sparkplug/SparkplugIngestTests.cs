using System.Text;
using Telemetry.Bridge;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts;
using Telemetry.Mqtt.Ingest;
using Telemetry.Testing.Sparkplug;
using Telemetry.Tests.Bridge;

namespace Telemetry.Tests.Sparkplug;

/// <summary>Publishes of edge nodes at the door: what is accepted, refused, and left to subscribers.</summary>
public sealed class SparkplugIngestTests
{
    private readonly ScriptedEdge _edge = new("plant", "line-1");

    [Fact]
    public async Task Message_goes_into_the_log_as_it_came_keyed_by_its_node()
    {
        await using var bridge = new BridgeFixture();
        var message = _edge.DBirth("press", _edge.Born("t", 1, 5));

        bridge.Ingest.Accepts(Encoding.UTF8.GetBytes(message.Topic)).ShouldBeTrue();
        bridge.Publish(message.Payload, message.Topic).ShouldBeTrue();

        bridge.TheAnswer().Outcome.ShouldBe(IngestOutcome.Stored);
        var record = bridge.Producer.Records.ShouldHaveSingleItem();
        (record.Topic, Encoding.UTF8.GetString(record.Key)).ShouldBe((LogTopics.Sparkplug, "plant/line-1"));
        RawPublish.TryRead(record.Value, out var raw).ShouldBeTrue();
        raw.Payload.ToArray().ShouldBe(message.Payload);
        Encoding.UTF8.GetString(raw.Topic).ShouldBe(message.Topic);
        Encoding.UTF8.GetString(raw.ClientId).ShouldBe("client-1");
    }

    [Theory]
    [InlineData("spBv1.0/plant/NDATA/line-1", "120501", IngestOutcome.RejectedPayload, "sparkplug-malformed")]
    [InlineData("spBv1.0/plant/NDATA/line-1/press", "", IngestOutcome.RejectedTopic, "unknown-topic")]
    [InlineData("spBv1.0/plant/DDATA/line-1", "", IngestOutcome.RejectedTopic, "unknown-topic")]
    [InlineData("spBv1.0/STATE/telemetry", "", IngestOutcome.RejectedIdentity, "sparkplug-host-state")]
    public async Task What_cannot_be_taken_is_refused_and_dead_lettered(string topic, string payload, IngestOutcome outcome, string cause)
    {
        await using var bridge = new BridgeFixture();
        var told = 0;
        bridge.Ingest.ForeignHostState = () => told++;

        bridge.Ingest.Accepts(Encoding.UTF8.GetBytes(topic)).ShouldBeTrue();
        bridge.Publish(Convert.FromHexString(payload), topic);

        bridge.TheAnswer().Outcome.ShouldBe(outcome);
        bridge.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe(cause);
        told.ShouldBe(cause == "sparkplug-host-state" ? 1 : 0);
    }

    [Theory]
    [InlineData("spBv1.0/plant/NCMD/line-1")]
    [InlineData("spBv1.0/plant/DCMD/line-1/press")]
    [InlineData("spBv1.0/STATE/other-host")]
    [InlineData("spBv1.0/plant/REBIRTH/line-1")]
    public async Task Commands_other_hosts_and_unknown_verbs_are_left_to_subscribers(string topic)
    {
        await using var bridge = new BridgeFixture();

        bridge.Ingest.Accepts(Encoding.UTF8.GetBytes(topic)).ShouldBeFalse();
    }

    [Fact]
    public async Task Switched_off_all_of_it_is_left_to_subscribers()
    {
        await using var bridge = new BridgeFixture(new BridgeOptions { Sparkplug = new SparkplugOptions { Enabled = false } });

        bridge.Ingest.Accepts(Encoding.UTF8.GetBytes(_edge.Topic("NDATA"))).ShouldBeFalse();
        bridge.Ingest.Accepts("spBv1.0/STATE/telemetry"u8).ShouldBeFalse();
    }

    [Theory]
    [InlineData("line-1", true)]
    [InlineData("plant:line-1", true)]
    [InlineData("line-2", false)]
    [InlineData("other:line-1", false)]
    public async Task Certificate_speaks_for_the_edge_node_it_names(string name, bool may)
    {
        await using var bridge = new BridgeFixture();
        var message = _edge.NBirth();

        bridge.Publish(message.Payload, message.Topic, certificate: name);

        bridge.TheAnswer().Outcome.ShouldBe(may ? IngestOutcome.Stored : IngestOutcome.RejectedIdentity);
    }
}
