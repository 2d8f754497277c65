using Telemetry.Edge.Messages;
using Telemetry.Edge.Reasons;
using Telemetry.Edge.Sessions;
using Telemetry.Edge.Timing;
using Telemetry.Mqtt;
using Telemetry.Testing;

namespace Telemetry.Tests.Edge;

public sealed class SessionPartTests
{
    [Fact]
    [Spec("MQTT-4.4.0-1")]
    public void Unfinished_messages_are_resent_in_order_within_the_new_quota()
    {
        var window = new InflightWindow();
        var ids = Enumerable.Range(0, 4).Select(i => window.Send(Copy(1 + (i % 2))).PacketIdentifier).ToArray();
        window.Apply(ids[1], InflightInput.PubRec).ShouldBe(InflightState.AwaitPubComp);
        window.Apply(ids[2], InflightInput.PubAck).ShouldBe(InflightState.Done);
        window.Restart();
        window.TryResend(1, out var first).ShouldBeTrue();
        (first.PacketIdentifier, first.Duplicate, first.IsPubRel).ShouldBe((ids[0], true, false));
        window.TryResend(1, out var second).ShouldBeTrue();
        (second.PacketIdentifier, second.IsPubRel).ShouldBe((ids[1], true));
        window.TryResend(1, out _).ShouldBeFalse();
        window.Apply(ids[0], InflightInput.PubAck);
        window.Apply(ids[1], InflightInput.PubComp);
        window.TryResend(1, out var third).ShouldBeTrue();
        third.PacketIdentifier.ShouldBe(ids[3]);
        window.HasResends.ShouldBeFalse();
    }

    [Fact]
    [Spec("MQTT-2.2.1-4")]
    [Spec("MQTT-4.3.2-1"), Spec("MQTT-4.3.3-1"), Spec("MQTT3-2.3.1-4")]
    public void Packet_identifiers_in_use_are_never_given_again()
    {
        var window = new InflightWindow();
        var stuck = window.Send(Copy(2)).PacketIdentifier;
        var alsoStuck = window.Send(Copy(1)).PacketIdentifier;
        for (var i = 0; i < 140_000; i++)
        {
            var id = window.Send(Copy(1)).PacketIdentifier;
            id.ShouldNotBe((ushort)0);
            (id == stuck || id == alsoStuck).ShouldBeFalse();
            window.Apply(id, InflightInput.PubAck).ShouldBe(InflightState.Done);
        }

        window.Count.ShouldBe(2);
    }

    [Fact]
    public void Acknowledgements_that_do_not_fit_change_nothing()
    {
        var window = new InflightWindow();
        var one = window.Send(Copy(1)).PacketIdentifier;
        window.Apply(one, InflightInput.PubComp).ShouldBeNull();
        window.Apply(one, InflightInput.PubRec).ShouldBeNull();
        window.Apply((ushort)(one + 1), InflightInput.PubAck).ShouldBeNull();
        window.Count.ShouldBe(1);
    }

    [Fact]
    public void Full_outbox_refuses_the_newest_and_keeps_the_order()
    {
        var outbox = new Outbox(new SessionLimits(4, 1_000_000, 10));
        for (var i = 0; i < 5; i++)
        {
            outbox.Enqueue(Copy(i % 2), 0).ShouldBe(i < 4 ? DropCause.None : DropCause.QueueFull);
        }

        var expired = 0;
        var qos = new List<int>();
        while (outbox.TryNext(1, 0, ref expired, out var delivery))
        {
            qos.Add(delivery.Copy.Qos);
        }

        // The second QoS 1 waits for the window, QoS 0 does not. [MQTT-4.9.0-3]
        qos.ShouldBe([0, 1, 0]);
        outbox.DropAtMostOnce().ShouldBe(0);
        outbox.Waiting.ShouldBe(1);
    }

    [Fact]
    [Spec("MQTT-4.6.0-2")]
    public void Answers_come_out_in_the_order_of_the_reservations()
    {
        var acks = new AckWindow();
        var tickets = Enumerable.Range(1, 100).Select(i => acks.Reserve((ushort)i, 1, 0)).ToArray();
        var random = new Random(3);
        var shuffled = tickets.ToArray();
        random.Shuffle(shuffled);
        var out_ = new List<int>();
        foreach (var ticket in shuffled)
        {
            acks.Complete(ticket, ReasonCode.Success, null);
            while (acks.TryTake(out var slot))
            {
                out_.Add(slot.Identifier);
            }
        }

        out_.ShouldBe(Enumerable.Range(1, 100));
        acks.Complete(tickets[0], ReasonCode.Success, null).ShouldBeFalse();
    }

    [Fact]
    [Spec("MQTT-4.3.3-10")]
    public void Repeated_identifier_is_recognised_until_it_is_released()
    {
        var inbound = new InboundExactlyOnce();
        var here = new AckWindow();
        var later = new AckWindow();
        inbound.Receive(5, here, 1, pending: true).ShouldBe(ReceiveResult.New);
        inbound.Receive(5, here, 2, pending: true).ShouldBe(ReceiveResult.RepeatedHere);
        inbound.Receive(5, later, 3, pending: true).ShouldBe(ReceiveResult.RepeatedPending);
        inbound.Release(5).ShouldBeFalse();
        inbound.Complete(5, keep: true, out var ticket).ShouldBe(later);
        ticket.ShouldBe(3UL);
        inbound.Receive(5, later, 4, pending: true).ShouldBe(ReceiveResult.RepeatedDone);
        inbound.Release(5).ShouldBeTrue();
        inbound.Receive(5, later, 5, pending: true).ShouldBe(ReceiveResult.New);
    }

    [Fact]
    public void Every_session_transition_is_known()
    {
        foreach (var state in Enum.GetValues<SessionState>())
        {
            foreach (var input in Enum.GetValues<SessionInput>())
            {
                var legal = state != SessionState.Ended && (input != SessionInput.Detach || state == SessionState.Online);
                (SessionTransitions.Next(state, input) is not null).ShouldBe(legal, $"{state} {input}");
            }
        }
    }

    [Fact]
    public void Wheel_fires_late_by_at_most_a_tick_and_never_early()
    {
        var clock = new Clock();
        var wheel = new TimerWheel(clock);
        var random = new Random(11);
        var entries = Enumerable.Range(0, 500).Select(_ => new Entry()).ToArray();
        foreach (var entry in entries)
        {
            entry.Wanted = random.Next(0, 200_000);
            wheel.Schedule(entry, entry.Wanted);
        }

        wheel.Cancel(entries[0]);
        for (var now = 0; now <= 201_000; now += 100)
        {
            clock.Milliseconds = now;
            wheel.Advance();
        }

        entries[0].FiredAt.ShouldBeNull();
        foreach (var entry in entries[1..])
        {
            entry.FiredAt!.Value.ShouldBeInRange(entry.Wanted, entry.Wanted + (2 * TimerWheel.TickMilliseconds));
        }
    }

    private static Outgoing Copy(int qos) =>
        new(new Message(PublishMessage.Create("t", "x"u8), (byte)qos, false, long.MaxValue), (byte)qos, false);

    private sealed class Entry : WheelEntry
    {
        public long Wanted { get; set; }

        public long? FiredAt { get; private set; }

        public override void Due(long now)
        {
            FiredAt.ShouldBeNull();
            FiredAt = now;
        }
    }

    private sealed class Clock : TimeProvider
    {
        public long Milliseconds { get; set; }

        public override long TimestampFrequency => 1000;

        public override long GetTimestamp() => Milliseconds;
    }
}
