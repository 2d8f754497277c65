using MQTTnet;
using MQTTnet.Protocol;
using Telemetry.Bridge;
using Telemetry.Contracts.V1;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.Testing;
using Metric = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Metric;
using Properties = Telemetry.Testing.Sparkplug.Wire.Payload.Types.PropertySet;
using Property = Telemetry.Testing.Sparkplug.Wire.Payload.Types.PropertyValue;

namespace Telemetry.IntegrationTests.Sparkplug;

/// <summary>The host against scripted edge nodes on real MQTT connections.</summary>
public sealed class SparkplugHostTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-sparkplug-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline")]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-offline")]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline")]
    public async Task Life_of_an_edge_node_from_birth_to_death_by_will()
    {
        await using var stage = await SparkplugStage.StartAsync(_folder);
        await using var edge = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-1");
        await edge.OnlineAsync();
        var script = edge.Script;
        var born = script.Born("Outlet/Temp", 1, 20);
        born.Properties = new Properties { Keys = { "engUnit" }, Values = { new Property { Type = 12, StringValue = "degC" } } };

        await edge.SendAsync(script.NBirth(born));
        await edge.SendAsync(script.DBirth("press", script.Born("force", 2, 1)));
        await edge.SendAsync(script.NData(script.Changed(1, 21)));
        await edge.SendAsync(script.DData("press", script.Changed(2, 2), new Metric { Alias = 2, IsHistorical = true, Timestamp = (ulong)script.NowMs - 60_000, DoubleValue = 1.5 }));
        await edge.SendAsync(script.DBirth("oven", script.Born("heat", 3, 9)));
        await edge.SendAsync(script.DDeath("press"));
        edge.Cut();

        List<DeviceEvent> events;
        do
        {
            await stage.SettleAsync();
            events = await stage.EventsAsync();
        }
        while (events.Count(e => e.Kind == DeviceEventKind.Offline) < 3);
        events.OrderBy(e => e.Device, StringComparer.Ordinal).Select(e => (e.Device, e.Kind)).ShouldBe(
        [
            ("plant:line-1", DeviceEventKind.Online), ("plant:line-1", DeviceEventKind.Offline),
            ("plant:line-1:oven", DeviceEventKind.Online), ("plant:line-1:oven", DeviceEventKind.Offline),
            ("plant:line-1:press", DeviceEventKind.Online), ("plant:line-1:press", DeviceEventKind.Offline),
        ]);
        (await stage.ReadingsAsync()).OrderBy(r => r.Device, StringComparer.Ordinal).Select(r => (r.Device, r.Sensor, r.Value, r.Sequence)).ShouldBe(
        [
            ("plant:line-1", "Outlet/Temp", 20, 1UL), ("plant:line-1", "Outlet/Temp", 21, 2UL),
            ("plant:line-1:oven", "heat", 9, 1UL),
            ("plant:line-1:press", "force", 1, 1UL), ("plant:line-1:press", "force", 2, 2UL), ("plant:line-1:press", "force", 1.5, 3UL),
        ]);
        var entries = await stage.CatalogueAsync();
        entries.Select(e => $"{e.Device}/{e.Sensor}").Order(StringComparer.Ordinal).ShouldBe(
            ["plant:line-1/Outlet/Temp", "plant:line-1:oven/heat", "plant:line-1:press/force"]);
        entries.Single(e => e.Sensor == "Outlet/Temp").Unit.ShouldBe("degC");
        (await stage.DeadLettersAsync()).ShouldBeEmpty();
    }

    [Fact]
    [Spec("tck-id-topics-ncmd-mqtt")]
    [Spec("tck-id-payloads-ncmd-qos")]
    [Spec("tck-id-payloads-ncmd-retain")]
    [Spec("tck-id-operational-behavior-data-commands-ncmd-rebirth-verb")]
    public async Task Node_whose_births_were_lost_is_asked_for_them_over_mqtt()
    {
        await using var stage = await SparkplugStage.StartAsync(_folder);
        await using var edge = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-1");
        var script = edge.Script;
        script.NBirth(); // Lost.

        await edge.SendAsync(script.NData(script.Changed(1, 5)), MqttQualityOfServiceLevel.AtMostOnce);
        var request = await edge.RebirthAsync();

        (request.QualityOfServiceLevel, request.Retain).ShouldBe((MqttQualityOfServiceLevel.AtMostOnce, false));
        await edge.SendAsync(script.NBirth(script.Born("a", 1, 6)));
        await edge.SendAsync(script.NData(script.Changed(1, 7)));
        await stage.SettleAsync();
        (await stage.ReadingsAsync()).Select(r => r.Value).ShouldBe([6, 7]);
        (await stage.DeadLettersAsync()).ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-unborn");
    }

    [Fact]
    [Spec("tck-id-operational-behavior-host-reordering-success")]
    [Spec("tck-id-operational-behavior-host-reordering-rebirth")]
    public async Task Messages_out_of_order_are_put_right_and_a_lost_one_asks_for_births_though_nothing_more_comes()
    {
        await using var stage = await SparkplugStage.StartAsync(_folder, new SparkplugOptions { ReorderTimeout = TimeSpan.FromSeconds(1) });
        await using var edge = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-1");
        var script = edge.Script;
        await edge.SendAsync(script.NBirth(script.Born("a", 1, 0)));
        var (first, second) = (script.NData(script.Changed(1, 1)), script.NData(script.Changed(1, 2)));
        await edge.SendAsync(second);
        await edge.SendAsync(first);
        await stage.SettleAsync();
        (await stage.ReadingsAsync()).Select(r => r.Value).ShouldBe([0, 1, 2]);

        script.NData(script.Changed(1, 3)); // Lost.
        await edge.SendAsync(script.NData(script.Changed(1, 4)));
        await edge.RebirthAsync();

        await stage.SettleAsync();
        (await stage.ReadingsAsync()).Select(r => r.Value).ShouldBe([0, 1, 2, 4]);
        (await stage.EventsAsync()).ShouldContain(e => e.Kind == DeviceEventKind.SequenceGap && e.Figure == 1);
    }

    [Fact]
    [Spec("tck-id-host-topic-phid-birth-message")]
    [Spec("tck-id-host-topic-phid-birth-qos")]
    [Spec("tck-id-host-topic-phid-birth-retain")]
    [Spec("tck-id-host-topic-phid-birth-required")]
    [Spec("tck-id-host-topic-phid-death-qos")]
    [Spec("tck-id-host-topic-phid-death-retain")]
    [Spec("tck-id-intro-sparkplug-host-state")]
    [Spec("tck-id-components-ph-state")]
    [Spec("tck-id-conformance-primary-host")]
    [Spec("tck-id-principles-birth-certificates-order")]
    [Spec("tck-id-message-flow-phid-sparkplug-state-publish")]
    [Spec("tck-id-payloads-state-birth")]
    [Spec("tck-id-operational-behavior-host-application-connect-birth")]
    [Spec("tck-id-operational-behavior-host-application-connect-birth-qos")]
    [Spec("tck-id-operational-behavior-host-application-connect-birth-retained")]
    [Spec("tck-id-operational-behavior-host-application-termination")]
    [Spec("tck-id-operational-behavior-host-application-death-qos")]
    [Spec("tck-id-operational-behavior-host-application-death-retained")]
    [Spec("tck-id-operational-behavior-host-application-multi-server-timestamp")]
    [Spec("tck-id-operational-behavior-primary-application-state-with-multiple-servers-state")]
    public async Task State_is_retained_ends_offline_and_its_timestamp_goes_up_with_each_run()
    {
        long before;
        await using (var stage = await SparkplugStage.StartAsync(_folder))
        {
            await using var edge = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-1");
            (var online, before) = await edge.OnlineAsync();
            online.QualityOfServiceLevel.ShouldBe(MqttQualityOfServiceLevel.AtLeastOnce);

            await using var late = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-2");
            (await late.OnlineAsync()).Message.Retain.ShouldBeTrue();

            var stop = stage.StopAsync();
            var last = await edge.NextAsync();
            MqttEdge.State(last).Online.ShouldBeFalse();
            MqttEdge.State(last).Timestamp.ShouldBeGreaterThanOrEqualTo(before);
            await stop;
        }

        await using var again = await SparkplugStage.StartAsync(_folder);
        await using var back = await MqttEdge.ConnectAsync(again.Port, "plant", "line-1", bdSeq: 1);
        (await back.OnlineAsync()).Timestamp.ShouldBeGreaterThan(before);
    }

    [Fact]
    [Spec("tck-id-operational-behavior-host-application-host-id")]
    [Spec("tck-id-message-flow-hid-sparkplug-state-message-delivered")]
    public async Task Another_host_of_our_id_is_refused_and_nobody_sees_it_and_one_of_its_own_id_is_let_alone()
    {
        await using var stage = await SparkplugStage.StartAsync(_folder);
        await using var edge = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-1");
        var (_, timestamp) = await edge.OnlineAsync();
        await using var other = await TestClient.ConnectAsync(stage.Port, "other-host");

        var refused = await other.PublishAsync("spBv1.0/STATE/telemetry", """{"online":false,"timestamp":9999999999999}""", retain: true);
        refused.ReasonCode.ShouldBe(MqttClientPublishReasonCode.NotAuthorized);

        MqttEdge.State(await edge.NextAsync()).ShouldBe((true, timestamp));
        await using var watcher = await TestClient.ConnectAsync(stage.Port, "watcher");
        await watcher.SubscribeAsync("spBv1.0/STATE/other");
        (await other.PublishAsync("spBv1.0/STATE/other", """{"online":true,"timestamp":1}""", retain: true)).IsSuccess.ShouldBeTrue();
        MqttEdge.State(await watcher.NextAsync()).ShouldBe((true, 1));
    }

    [Fact]
    public async Task Orderly_restart_goes_on_with_aliases_numbers_and_event_ids()
    {
        await using (var stage = await SparkplugStage.StartAsync(_folder))
        {
            await using var edge = await MqttEdge.ConnectAsync(stage.Port, "plant", "line-1");
            await edge.SendAsync(edge.Script.NBirth(edge.Script.Born("a", 1, 1)));
            await edge.SendAsync(edge.Script.NData(edge.Script.Changed(1, 2)));
            await edge.DisconnectAsync();
            await stage.SettleAsync();
        }

        // A gateway that reconnects and goes on as if nothing had been: it ought to send its births, and need not.
        await using var again = await SparkplugStage.StartAsync(_folder);
        await using var back = await TestClient.ConnectAsync(again.Port, "bridge");
        var script = new Telemetry.Testing.Sparkplug.ScriptedEdge("plant", "line-1") { Seq = 2, NowMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() };
        var data = script.NData(script.Changed(1, 3));
        (await back.PublishAsync(data.Topic, data.Payload)).IsSuccess.ShouldBeTrue();
        await again.SettleAsync();

        var readings = await again.ReadingsAsync();
        readings.Where(r => r.Sensor == "a").Select(r => (r.Value, r.Sequence)).ShouldBe([(1, 1UL), (2, 2UL), (3, 3UL)]);
        readings.Select(r => r.BootId).Distinct().ShouldHaveSingleItem();
    }
}
