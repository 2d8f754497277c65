using System.Text.Json;
using Telemetry.Bridge;
using Telemetry.Bridge.Sparkplug.Host;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Testing.Sparkplug.Wire;
using Telemetry.Testing;

namespace Telemetry.Tests.Sparkplug;

/// <summary>What the host says: STATE, and requests for births.</summary>
public sealed class HostSideTests
{
    private static readonly EdgeNodeName Node = new(0, "g", "e");
    private static readonly SparkplugOptions Options = new();

    [Fact]
    [Spec("tck-id-topics-ncmd-topic")]
    [Spec("tck-id-topics-ncmd-timestamp")]
    [Spec("tck-id-topics-ncmd-payload")]
    [Spec("tck-id-payloads-ncmd-timestamp")]
    [Spec("tck-id-payloads-ncmd-seq")]
    [Spec("tck-id-payloads-timestamp-in-UTC")]
    [Spec("tck-id-payloads-name-cmd-requirement")]
    [Spec("tck-id-operational-behavior-data-commands-ncmd-rebirth-verb")]
    [Spec("tck-id-operational-behavior-data-commands-ncmd-rebirth-name")]
    [Spec("tck-id-operational-behavior-data-commands-ncmd-rebirth-value")]
    public void Request_for_births_is_what_the_specification_says()
    {
        RebirthCommand.Topic("my group", "e 1").ShouldBe("spBv1.0/my group/NCMD/e 1");
        var payload = Payload.Parser.ParseFrom(RebirthCommand.Payload(1_700_000_000_123));
        (payload.Timestamp, payload.HasSeq).ShouldBe((1_700_000_000_123UL, false));
        var metric = payload.Metrics.ShouldHaveSingleItem();
        (metric.Name, metric.HasAlias, metric.Datatype, metric.BooleanValue).ShouldBe(("Node Control/Rebirth", false, 11u, true));
    }

    [Fact]
    [Spec("tck-id-host-topic-phid-birth-payload")]
    [Spec("tck-id-host-topic-phid-birth-payload-timestamp")]
    [Spec("tck-id-host-topic-phid-birth-topic")]
    [Spec("tck-id-host-topic-phid-death-topic")]
    [Spec("tck-id-host-topic-phid-death-payload")]
    [Spec("tck-id-host-topic-phid-death-payload-timestamp-connect")]
    [Spec("tck-id-host-topic-phid-death-payload-timestamp-disconnect-clean")]
    [Spec("tck-id-host-topic-phid-death-payload-timestamp-disconnect-with-no-disconnect-packet")]
    [Spec("tck-id-message-flow-phid-sparkplug-state-publish-payload")]
    [Spec("tck-id-message-flow-phid-sparkplug-state-publish-payload-timestamp")]
    [Spec("tck-id-payloads-state-will-message-payload")]
    [Spec("tck-id-payloads-state-birth-payload")]
    [Spec("tck-id-operational-behavior-host-application-connect-birth-topic")]
    [Spec("tck-id-operational-behavior-host-application-connect-birth-payload")]
    [Spec("tck-id-operational-behavior-host-application-connect-will-payload")]
    [Spec("tck-id-operational-behavior-host-application-death-topic")]
    [Spec("tck-id-operational-behavior-host-application-death-payload")]
    public void State_is_json_with_the_timestamp_of_the_session()
    {
        var state = new HostState("telemetry", null);
        state.Topic.ShouldBe("spBv1.0/STATE/telemetry");
        state.Begin(1000);

        Read(state.Will()).ShouldBe((false, 1000));
        Read(state.Birth()).ShouldBe((true, 1000));
        Read(state.Death(5000)).ShouldBe((false, 5000));
    }

    [Fact]
    public void Timestamp_never_goes_back_even_when_the_clock_does()
    {
        var state = new HostState("telemetry", 10_000);
        state.Begin(3000);
        state.TimestampMs.ShouldBe(10_001);
        Read(state.Death(4000)).ShouldBe((false, 10_001));
        state.Begin(4000);
        Read(state.Birth()).ShouldBe((true, 10_002));
    }

    [Fact]
    [Spec("tck-id-message-flow-hid-sparkplug-state-message-delivered")]
    public void Foreign_state_is_answered_with_the_birth_at_once_and_then_once_a_second()
    {
        var state = new HostState("telemetry", null);
        state.Begin(1000);
        state.Foreign(1000).ShouldBeNull();
        state.Birth();

        state.Foreign(2000).ShouldBe(TimeSpan.Zero);
        state.Foreign(2100).ShouldBe(TimeSpan.FromMilliseconds(900));
        state.Foreign(2200).ShouldBeNull();
        state.Foreign(3000).ShouldBe(TimeSpan.FromSeconds(1));
        Read(state.Birth()).ShouldBe((true, 1000));
    }

    [Fact]
    public void Node_is_asked_at_once_and_then_after_pauses_that_double_up_to_a_bound()
    {
        var requests = new RebirthRequests(Options);
        requests.Want(Node, 0);
        var asked = new List<long>();
        for (var now = 0L; now < 2_000_000; now += 100)
        {
            if (requests.TryTake(now, out var node))
            {
                node.ShouldBe(Node);
                asked.Add(now);
            }
        }

        asked.Zip(asked.Skip(1), (a, b) => (b - a) / 1000).Take(9).ShouldBe([5L, 10, 20, 40, 80, 160, 300, 300, 300]);
    }

    [Fact]
    public void Node_whose_births_do_not_help_is_asked_no_more_often_than_one_that_is_silent()
    {
        var requests = new RebirthRequests(Options);
        var asked = 0;
        for (var now = 0L; now < 60_000; now += 100)
        {
            requests.Want(Node, now);
            if (requests.TryTake(now, out _))
            {
                asked++;
                requests.Settle(Node, now + 50);
            }
        }

        asked.ShouldBe(4); // At 0, 5, 15 and 35 s.
    }

    [Fact]
    public void All_nodes_together_are_asked_at_a_bounded_rate()
    {
        var requests = new RebirthRequests(Options);
        for (var i = 0; i < 1000; i++)
        {
            requests.Want(new EdgeNodeName(0, "g", $"e{i}"), 0);
        }

        var asked = new HashSet<EdgeNodeName>();
        for (var now = 0L; now < 4000; now += 10)
        {
            while (requests.TryTake(now, out var node))
            {
                asked.Add(node).ShouldBeTrue();
            }
        }

        asked.Count.ShouldBeInRange(45, 51);
    }

    [Fact]
    public void Settled_nodes_and_those_of_other_partitions_are_forgotten()
    {
        var requests = new RebirthRequests(Options);
        requests.Want(Node, 0);
        requests.Want(new EdgeNodeName(1, "g", "f"), 0);
        requests.Prune(partition => partition == 0, 0);
        requests.Wanted.ShouldBe(1);
        requests.Settle(Node, 0);
        requests.Wanted.ShouldBe(0);
        requests.TryTake(0, out _).ShouldBeFalse();
    }

    [Fact]
    public void Nodes_that_speak_no_more_are_forgotten_and_there_is_a_bound()
    {
        var requests = new RebirthRequests(Options);
        for (var i = 0; i <= RebirthRequests.NodesMax; i++)
        {
            requests.Want(new EdgeNodeName(0, "g", $"e{i}"), 0);
        }

        requests.Wanted.ShouldBe(RebirthRequests.NodesMax);
        var later = 2 * (long)Options.RebirthPauseMax.TotalMilliseconds;
        requests.Want(new EdgeNodeName(0, "g", "e7"), later);
        requests.Prune(_ => true, later + 1);
        requests.Wanted.ShouldBe(1);
    }

    private static (bool Online, long Timestamp) Read(byte[] payload)
    {
        using var json = JsonDocument.Parse(payload);
        json.RootElement.EnumerateObject().Count().ShouldBe(2);
        return (json.RootElement.GetProperty("online").GetBoolean(), json.RootElement.GetProperty("timestamp").GetInt64());
    }
}
