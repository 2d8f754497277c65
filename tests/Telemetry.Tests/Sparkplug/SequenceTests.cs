using Telemetry.Bridge;
using Telemetry.Contracts.V1;
using Telemetry.Testing.Sparkplug;
using Telemetry.Testing;

namespace Telemetry.Tests.Sparkplug;

/// <summary>Numbers of messages: gaps, reordering, copies.</summary>
public sealed class SequenceTests
{
    private static readonly SparkplugOptions Defaults = new();

    [Fact]
    [Spec("tck-id-payloads-sequence-num-always-included")]
    [Spec("tck-id-payloads-sequence-num-incrementing")]
    public void Numbers_wrap_from_255_to_0()
    {
        var host = FoldFixture.Born();
        for (var i = 0; i < 600; i++)
        {
            host.Send(host.Edge.NData(host.Edge.Changed(1, i)));
        }

        host.Readings.Select(r => r.Value).ShouldBe(Enumerable.Range(0, 600).Select(i => (double)i));
        host.Node.RebirthReason.ShouldBeNull();
    }

    [Fact]
    [Spec("tck-id-operational-behavior-host-reordering-start")]
    [Spec("tck-id-operational-behavior-host-reordering-success")]
    public void Messages_that_overtook_each_other_are_put_in_order_when_the_missing_one_comes_in_time()
    {
        var host = FoldFixture.Born();
        var (first, second, third) = (Data(host, 1), Data(host, 2), Data(host, 3));

        host.Send(third, second);
        host.Readings.ShouldBeEmpty();
        host.Node.ReorderDueMs.ShouldBeGreaterThan(0);
        host.Advance(Defaults.ReorderTimeout / 2);
        host.Send(first);

        host.Readings.Select(r => r.Value).ShouldBe([1, 2, 3]);
        host.Node.ReorderDueMs.ShouldBe(0);
        host.Advance(Defaults.ReorderTimeout);
        host.Tick();
        host.Node.RebirthReason.ShouldBeNull();
    }

    [Fact]
    [Spec("tck-id-operational-behavior-host-reordering-rebirth")]
    public void Missing_message_that_does_not_come_in_time_asks_for_births_and_what_waited_is_taken()
    {
        var host = FoldFixture.Born();
        Data(host, 1);
        host.Send(Data(host, 2), Data(host, 3));
        host.Advance(Defaults.ReorderTimeout - TimeSpan.FromMilliseconds(10));
        host.Tick();
        host.Node.RebirthReason.ShouldBeNull();

        host.Advance(TimeSpan.FromMilliseconds(10));
        host.Tick();

        host.Node.RebirthReason.ShouldBe("gap");
        host.Readings.Select(r => r.Value).ShouldBe([2, 3]);
        var gap = host.Events.ShouldHaveSingleItem();
        (gap.Kind, gap.Figure).ShouldBe((DeviceEventKind.SequenceGap, 1L));
        host.Node.HasGap.ShouldBeTrue();

        // What comes between request and birth with the right number is still good.
        host.Send(Data(host, 4));
        host.Readings[^1].Value.ShouldBe(4);
        host.Send(host.Edge.NBirth(host.Edge.Born("a", 1, 5)));
        host.Node.HasGap.ShouldBeFalse();
        host.Node.RebirthReason.ShouldBeNull();
    }

    [Fact]
    [Spec("tck-id-operational-behavior-host-reordering-param")]
    public void Time_to_wait_is_a_setting()
    {
        var host = FoldFixture.Born(Defaults with { ReorderTimeout = TimeSpan.FromMinutes(1) });
        Data(host, 1);
        host.Send(Data(host, 2));
        host.Advance(Defaults.ReorderTimeout * 2);
        host.Tick();
        host.Node.RebirthReason.ShouldBeNull();

        host.Advance(TimeSpan.FromMinutes(1));
        host.Tick();
        host.Node.RebirthReason.ShouldBe("gap");
    }

    [Fact]
    public void Copies_are_dropped_and_do_not_count_as_loss()
    {
        var host = FoldFixture.Born();
        for (var i = 0; i < 300; i++)
        {
            var message = Data(host, i);
            host.Send(message, message);
        }

        host.Readings.Count.ShouldBe(300);
        host.DeadLetters.ShouldBeEmpty();
        host.Node.RebirthReason.ShouldBeNull();
        host.Fold.Counts.Ignored["copy"].ShouldBe(300);
    }

    /// <summary>A bridge that lost its connection is sent again all that it had not acknowledged, births among it.</summary>
    [Fact]
    public void Everything_since_the_birth_once_more_is_dropped_and_no_births_are_asked_for()
    {
        var host = new FoldFixture();
        EdgeMessage[] sent = [host.Edge.NBirth(host.Edge.Born("a", 1, 0)), host.Edge.DBirth("press", host.Edge.Born("t", 7, 30))];
        host.Send(sent);
        for (var i = 1; i <= 60; i++)
        {
            var message = Data(host, i);
            host.Send(message);
            sent = [.. sent, message];
        }

        var (readings, events) = (host.Readings.Count, host.Events.Count);
        host.Send(sent);
        host.Send(Data(host, 61));

        host.Readings.Count.ShouldBe(readings + 1);
        host.Events.Count.ShouldBe(events);
        host.DeadLetters.ShouldBeEmpty();
        host.Node.RebirthReason.ShouldBeNull();
        host.Fold.Counts.Ignored["copy"].ShouldBe(62);
    }

    [Fact]
    public void Birth_with_a_time_of_its_own_is_no_copy()
    {
        var host = FoldFixture.Born();
        host.Send(Data(host, 1));
        host.Advance(TimeSpan.FromMilliseconds(1));
        host.Send(host.Edge.NBirth(host.Edge.Born("other", 1, 5)));
        host.Readings[^1].Sensor.ShouldBe("other");
    }

    [Fact]
    public void Copy_of_a_waiting_message_is_dropped()
    {
        var host = FoldFixture.Born();
        var (first, second) = (Data(host, 1), Data(host, 2));
        host.Send(second, second, first);

        host.Readings.Select(r => r.Value).ShouldBe([1, 2]);
    }

    [Fact]
    public void Several_numbers_behind_in_a_row_are_dead_letters_and_ask_for_births()
    {
        var host = FoldFixture.Born();
        for (var i = 0; i < 100; i++)
        {
            host.Send(Data(host, i));
        }

        host.Forget();
        host.Edge.Seq = 5; // The node lost its count and did not say so.
        host.Send(Data(host, 1), Data(host, 2), Data(host, 3), Data(host, 4));

        host.Readings.ShouldBeEmpty();
        host.DeadLetters.Select(l => l.Cause).ShouldBe(["sparkplug-out-of-sequence", "sparkplug-out-of-sequence"]);
        host.Fold.Counts.Ignored["copy"].ShouldBe(2);
        host.Node.RebirthReason.ShouldBe("out-of-sequence");
    }

    [Fact]
    public void Message_without_number_is_a_dead_letter_and_asks_for_births()
    {
        var host = FoldFixture.Born();
        host.Send(FoldFixture.Changed(Data(host, 1), p => p.ClearSeq()));

        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-no-seq");
        host.Node.RebirthReason.ShouldBe("no-seq");
    }

    [Fact]
    public void Malformed_payload_is_a_dead_letter_and_asks_for_births()
    {
        var host = FoldFixture.Born();
        host.Send(new EdgeMessage(host.Edge.Topic("NDATA"), [0x12, 0x05, 0x01]));

        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-malformed");
        host.Node.RebirthReason.ShouldBe("malformed");
    }

    [Fact]
    public void Waiting_messages_are_bounded_in_bytes()
    {
        var host = FoldFixture.Born(Defaults with { ReorderBytesMax = 1024 });
        Data(host, 0);
        for (var i = 1; host.Node.RebirthReason is null; i++)
        {
            i.ShouldBeLessThan(100);
            host.Send(Data(host, i));
        }

        host.Node.Waiting.Bytes.ShouldBe(0);
        host.Readings.Select(r => r.Value).ShouldBe(Enumerable.Range(1, host.Readings.Count).Select(i => (double)i));
        host.Readings.Count.ShouldBeGreaterThan(5);
    }

    [Fact]
    public void Message_that_overtook_its_birth_waits_for_it()
    {
        var host = FoldFixture.Born();
        host.Send(Data(host, 1));
        host.Forget();
        host.Advance(TimeSpan.FromSeconds(1));
        var birth = host.Edge.NBirth(host.Edge.Born("a", 2, 0), host.Edge.Born("b", 1, 0));
        host.Edge.NowMs++;
        var between = Data(host, 7);
        var overtaking = FoldFixture.Numbered(Data(host, 8), 2);

        // Number 2 of the new epoch lies behind in the old one, and number 4 ahead of it: only what can wait waits.
        var early = FoldFixture.Numbered(overtaking, 4);
        host.Send(early, birth, between, overtaking, FoldFixture.Numbered(Data(host, 9), 3));

        host.Readings.Where(r => r.Sensor == "b").Select(r => r.Value).ShouldBe([0, 7, 8, 9, 8]);
        host.DeadLetters.ShouldBeEmpty();
    }

    [Fact]
    public void Message_of_the_former_epoch_is_never_read_with_the_aliases_of_the_new_one()
    {
        // The numbers start anew at a birth, so an old message may fit by chance.
        var host = FoldFixture.Born();
        var old = FoldFixture.Numbered(Data(host, 99), 1);
        host.Advance(TimeSpan.FromSeconds(1));
        host.Send(host.Edge.NBirth(host.Edge.Born("b", 1, 20), host.Edge.Born("a", 2, 10)));
        host.Forget();

        host.Send(old, Data(host, 5));

        host.Readings.Select(r => (r.Sensor, r.Value)).ShouldBe([("b", 5)]);
        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-old-epoch");
    }

    [Fact]
    public void Waiting_message_of_the_former_epoch_is_put_aside_at_the_birth()
    {
        var host = FoldFixture.Born();
        Data(host, 1);
        host.Send(Data(host, 2));
        host.Advance(TimeSpan.FromSeconds(1));

        host.Send(host.Edge.NBirth(host.Edge.Born("b", 1, 20)));

        host.DeadLetters.ShouldHaveSingleItem().Cause.ShouldBe("sparkplug-old-epoch");
        host.Node.ReorderDueMs.ShouldBe(0);
    }

    [Fact]
    public void What_waits_when_the_node_dies_is_taken_first()
    {
        var host = FoldFixture.Born();
        Data(host, 1);
        host.Send(Data(host, 2), host.Edge.NDeath());

        host.Readings.ShouldHaveSingleItem().Value.ShouldBe(2);
        host.Events.Select(e => e.Kind).ShouldBe([DeviceEventKind.SequenceGap, DeviceEventKind.Offline]);
    }

    private static EdgeMessage Data(FoldFixture host, double value) => host.Edge.NData(host.Edge.Changed(1, value));
}
