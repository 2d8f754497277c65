using Telemetry.Contracts.V1;
using Telemetry.Testing;
using Metric = Telemetry.Testing.Sparkplug.Wire.Payload.Types.Metric;

namespace Telemetry.Tests.Sparkplug;

/// <summary>Births and deaths of nodes and devices, host side.</summary>
public sealed class NodeBirthTests
{
    [Fact]
    [Spec("tck-id-topics-nbirth-seq-num")]
    [Spec("tck-id-payloads-metric-datatype-not-req")]
    [Spec("tck-id-payloads-alias-birth-requirement")]
    public void Birth_gives_names_and_types_to_the_aliases_of_data()
    {
        var host = FoldFixture.Born();
        var time = host.Edge.NowMs;

        host.Send(host.Edge.NData(host.Edge.Changed(2, 21), host.Edge.Changed(1, 11), host.Edge.Changed(2, 22)));

        host.Readings.Select(r => (r.Device, r.Sensor, r.TimeUs, r.Value)).ShouldBe(
            [("plant:line-1", "b", time * 1000, 21), ("plant:line-1", "a", time * 1000, 11), ("plant:line-1", "b", time * 1000, 22)]);
        host.DeadLetters.ShouldBeEmpty();
        host.Node.RebirthReason.ShouldBeNull();
    }

    [Fact]
    public void Birth_itself_holds_present_values_and_no_reading_of_control_metrics()
    {
        var host = new FoldFixture();

        host.Send(host.Edge.NBirth(host.Edge.Born("a", 1, 10)));

        host.Readings.Select(r => (r.Sensor, r.Value)).ShouldBe([("a", 10)]);
        var online = host.Events.ShouldHaveSingleItem();
        (online.Device, online.Kind).ShouldBe(("plant:line-1", DeviceEventKind.Online));
    }

    [Fact]
    public void Devices_have_tables_and_ids_of_their_own()
    {
        // Some edge nodes number the aliases of each device anew.
        var host = FoldFixture.Born();
        host.Send(host.Edge.DBirth("press", host.Edge.Born("x", 1, 5)), host.Edge.DBirth("oven", host.Edge.Born("y", 1, 6)));
        host.Forget();

        host.Send(host.Edge.NData(host.Edge.Changed(1, 1)), host.Edge.DData("press", host.Edge.Changed(1, 2)), host.Edge.DData("oven", host.Edge.Changed(1, 3)));

        host.Readings.Select(r => (r.Device, r.Sensor, r.Value)).ShouldBe(
            [("plant:line-1", "a", 1), ("plant:line-1:press", "x", 2), ("plant:line-1:oven", "y", 3)]);
    }

    [Fact]
    public void Second_birth_replaces_the_aliases_of_the_first()
    {
        var host = FoldFixture.Born();
        host.Send(host.Edge.NBirth(host.Edge.Born("b", 1, 20), host.Edge.Born("a", 2, 10)));
        host.Forget();

        host.Send(host.Edge.NData(host.Edge.Changed(1, 7)));

        host.Readings.ShouldHaveSingleItem().Sensor.ShouldBe("b");
    }

    [Fact]
    public void Data_may_repeat_the_name_or_the_type_and_take_the_rest_from_the_birth()
    {
        var host = FoldFixture.Born();
        host.Send(host.Edge.NBirth(new Metric { Name = "n", Alias = 5, Datatype = 3, IntValue = 1, Timestamp = (ulong)host.Edge.NowMs }));
        host.Forget();

        host.Send(
            host.Edge.NData(new Metric { Name = "n", IntValue = unchecked((uint)-12), Timestamp = (ulong)host.Edge.NowMs }),
            host.Edge.NData(new Metric { Name = "n", Alias = 5, Datatype = 3, IntValue = unchecked((uint)-13), Timestamp = (ulong)host.Edge.NowMs }));

        host.Readings.Select(r => r.Value).ShouldBe([-12, -13]);
    }

    [Fact]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-offline")]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-node-tags-stale")]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-offline")]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ndeath-devices-tags-stale")]
    public void Death_of_the_node_takes_it_and_its_devices_offline_at_the_time_of_the_host()
    {
        var host = FoldFixture.BornWithDevice();
        host.Advance(TimeSpan.FromMinutes(1));
        var now = host.NowMs;

        host.Send(host.Edge.NDeath());

        host.Events.Select(e => (e.Device, e.Kind, e.TimeUs)).ShouldBe(
        [
            ("plant:line-1", DeviceEventKind.Offline, now * 1000), ("plant:line-1:press", DeviceEventKind.Offline, now * 1000),
        ]);
        host.Events.ShouldAllBe(e => e.Detail.Contains("stale"));
        host.Events.Select(e => e.Figure).ShouldBe([4L, 1L]); // Sensors whose values are stale: a, b and the two control metrics; t.
        host.Node.All.ShouldAllBe(device => !device.IsOnline);
    }

    [Fact]
    public void Death_of_another_session_and_a_second_one_are_ignored()
    {
        var host = FoldFixture.Born();
        host.Edge.BdSeq = 1;
        host.Send(host.Edge.NBirth(host.Edge.Born("a", 1, 10)));
        host.Forget();

        host.Send(host.Edge.NDeath(0));
        host.Events.ShouldBeEmpty();
        host.Node.IsOnline.ShouldBeTrue();

        // The node says so itself and its will comes after: one event.
        host.Send(host.Edge.NDeath(), host.Edge.NDeath());
        host.Events.ShouldHaveSingleItem();
        host.Fold.Counts.Ignored["death-of-another-session"].ShouldBe(1);
        host.Fold.Counts.Ignored["death-of-a-dead-node"].ShouldBe(1);
    }

    [Fact]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline")]
    [Spec("tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-tags-stale")]
    public void Death_of_a_device_counts_from_the_time_of_its_payload()
    {
        var host = FoldFixture.BornWithDevice();
        host.NowMs += 5000;
        var sent = host.Edge.NowMs;

        host.Send(host.Edge.DDeath("press"));

        var offline = host.Events.ShouldHaveSingleItem();
        (offline.Device, offline.Kind, offline.TimeUs, offline.Figure).ShouldBe(("plant:line-1:press", DeviceEventKind.Offline, sent * 1000, 1L));
        host.Node.IsOnline.ShouldBeTrue();
    }

    [Fact]
    public void Data_of_a_dead_device_is_a_dead_letter_and_asks_for_births()
    {
        var host = FoldFixture.BornWithDevice();
        host.Send(host.Edge.DDeath("press"));
        var data = host.Edge.DData("press", host.Edge.Changed(7, 1));

        host.Send(data);

        var letter = host.DeadLetters.ShouldHaveSingleItem();
        (letter.Cause, letter.Source).ShouldBe(("sparkplug-unborn-device", data.Topic));
        letter.Payload.ToByteArray().ShouldBe(data.Payload);
        host.Node.RebirthReason.ShouldBe("unborn-device");
    }

    [Fact]
    public void Device_that_comes_back_is_online_again()
    {
        var host = FoldFixture.BornWithDevice();
        host.Send(host.Edge.DDeath("press"), host.Edge.DBirth("press", host.Edge.Born("t", 7, 31)));

        host.Events.Select(e => e.Kind).ShouldBe([DeviceEventKind.Offline, DeviceEventKind.Online]);
        host.Readings.ShouldHaveSingleItem().Value.ShouldBe(31);
    }

    [Fact]
    public void Rebirth_inside_a_session_makes_no_events_but_a_device_that_is_not_born_again_goes_offline_in_the_end()
    {
        var host = FoldFixture.BornWithDevice();
        host.Send(host.Edge.DBirth("oven", host.Edge.Born("y", 1, 6)));
        host.Forget();

        host.Send(host.Edge.NBirth(host.Edge.Born("a", 1, 10)), host.Edge.DBirth("press", host.Edge.Born("t", 7, 30)));
        host.Events.ShouldBeEmpty();

        host.Advance(new Telemetry.Bridge.SparkplugOptions().BirthTimeout);
        host.Tick();
        host.Events.Select(e => (e.Device, e.Kind)).ShouldBe([("plant:line-1:oven", DeviceEventKind.Offline)]);
    }

    [Fact]
    public void Devices_are_stale_until_born_again_with_their_node()
    {
        var host = FoldFixture.BornWithDevice();
        host.Send(host.Edge.NBirth(host.Edge.Born("a", 1, 10)));
        host.Forget();

        host.Send(host.Edge.DData("press", host.Edge.Changed(7, 1)));

        host.Readings.ShouldBeEmpty();
        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-unborn-device");
        host.Node.RebirthReason.ShouldBe("unborn-device");
    }

    [Theory]
    [InlineData("NDATA", null)]
    [InlineData("DDATA", "press")]
    [InlineData("DBIRTH", "press")]
    public void Anything_before_a_birth_is_a_dead_letter_and_asks_for_births(string verb, string? device)
    {
        var host = new FoldFixture();

        host.Send(host.Edge.Sequenced(verb, device, [host.Edge.Born("a", 1, 1)]));

        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-unborn");
        host.Node.RebirthReason.ShouldBe("unborn");
        host.Send(host.Edge.NBirth(host.Edge.Born("a", 1, 1)));
        host.Node.RebirthReason.ShouldBeNull();
    }

    [Fact]
    public void Data_after_the_death_is_a_dead_letter()
    {
        var host = FoldFixture.Born();
        host.Send(host.Edge.NDeath(), host.Edge.NData(host.Edge.Changed(1, 1)));

        host.Readings.ShouldBeEmpty();
        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-unborn");
    }

    [Fact]
    public void Unknown_alias_asks_for_births_and_the_other_metrics_of_the_message_are_taken()
    {
        var host = FoldFixture.Born();

        host.Send(host.Edge.NData(host.Edge.Changed(99, 1), host.Edge.Changed(1, 2)));

        host.Readings.ShouldHaveSingleItem().Value.ShouldBe(2);
        var letter = host.DeadLetters.ShouldHaveSingleItem();
        letter.Cause.ShouldBe("sparkplug-unknown-metric");
        letter.ReadingIndexes.ShouldBe([0u]);
        host.Node.RebirthReason.ShouldBe("unknown-metric");
    }

    [Fact]
    public void Unknown_metric_that_says_name_and_type_is_taken_and_asks_for_births()
    {
        var host = FoldFixture.Born();

        host.Send(host.Edge.NData(new Metric { Name = "new", Datatype = 10, DoubleValue = 3, Timestamp = (ulong)host.Edge.NowMs }));

        host.Readings.ShouldHaveSingleItem().Sensor.ShouldBe("new");
        host.Node.RebirthReason.ShouldBe("unknown-metric");
    }

    [Fact]
    public void Birth_without_bdSeq_or_with_another_seq_is_taken()
    {
        var host = new FoldFixture();
        var birth = FoldFixture.Changed(host.Edge.NBirth(host.Edge.Born("a", 1, 10)), p =>
        {
            p.Metrics.RemoveAt(0);
            p.Seq = 200;
        });

        host.Send(birth, FoldFixture.Numbered(host.Edge.NData(host.Edge.Changed(1, 11)), 201), host.Edge.NDeath(77));

        host.Readings.Select(r => r.Value).ShouldBe([10, 11]);
        host.Node.IsOnline.ShouldBeFalse();
    }

    [Fact]
    public void Death_with_a_seq_is_no_message_of_the_sequence()
    {
        // An edge node in the field sends NDEATH, with a seq, when it is reborn.
        var host = FoldFixture.Born();
        host.Send(FoldFixture.Numbered(host.Edge.NDeath(5), 1), host.Edge.NData(host.Edge.Changed(1, 3)));

        host.Readings.ShouldHaveSingleItem().Value.ShouldBe(3);
    }
}
