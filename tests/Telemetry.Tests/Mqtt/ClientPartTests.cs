using System.Buffers;
using Telemetry.Mqtt;
using Telemetry.Mqtt.Client;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Mqtt;

/// <summary>The client's parts that need no connection.</summary>
public sealed class ClientPartTests
{
    [Fact]
    public void Window_gives_distinct_identifiers_up_to_its_capacity_and_reuses_freed_ones()
    {
        var window = new OutboundWindow(10);
        var identifiers = new HashSet<ushort>();
        for (var i = 0; i < 10; i++)
        {
            window.TryTake(MqttQos.AtLeastOnce, null, 0, out var identifier).ShouldBeTrue();
            identifiers.Add(identifier).ShouldBeTrue();
            identifier.ShouldBeInRange((ushort)1, (ushort)10);
        }
        window.TryTake(MqttQos.AtLeastOnce, null, 0, out _).ShouldBeFalse();
        window.Release(3);
        window.TryTake(MqttQos.ExactlyOnce, null, 0, out var again).ShouldBeTrue();
        again.ShouldBe((ushort)3);
        window.StageOf(3).ShouldBe(OutboundWindow.Stage.AwaitingPubRec);
        window.StageOf(11).ShouldBe(OutboundWindow.Stage.Free);
        window.StageOf(65_535).ShouldBe(OutboundWindow.Stage.Free);
        window.Count.ShouldBe(10);
    }

    [Fact]
    public void Every_completion_of_the_window_is_told_once_and_in_order()
    {
        var window = new OutboundWindow(100);
        var told = new Recorder();
        for (var i = 0; i < 20; i++)
        {
            window.TryTake(MqttQos.AtLeastOnce, told, (ulong)i, out _);
        }
        window.Release(5).Tell(PublishOutcome.Acknowledged, 0);
        window.TryTake(MqttQos.AtLeastOnce, told, 99, out _);
        foreach (var completion in window.ReleaseAll())
        {
            completion.Tell(PublishOutcome.ConnectionLost, 0);
        }
        told.States.ShouldBe([4, .. Enumerable.Range(0, 20).Where(i => i != 4).Select(i => (ulong)i), 99]);
        window.Count.ShouldBe(0);
        window.ReleaseAll().ShouldBeEmpty();
    }

    [Fact, Spec("MQTT-4.4.0-1"), Spec("MQTT-3.3.1-1"), Spec("MQTT-4.6.0-1"), Spec("MQTT-4.3.3-6")]
    public void Resume_writes_publishes_with_dup_and_pubrels_in_their_first_order_within_the_limit()
    {
        var window = new OutboundWindow(100);
        for (byte i = 1; i <= 4; i++)
        {
            window.TryTake(i == 2 ? MqttQos.ExactlyOnce : MqttQos.AtLeastOnce, null, 0, out var identifier);
            window.Keep(identifier, Wire.Packet((byte)(i == 2 ? 0x34 : 0x32), "t", 0, i));
        }
        window.Received(2);
        window.Release(1);
        window.TryTake(MqttQos.AtLeastOnce, null, 0, out _).ShouldBeTrue();
        window.Keep(1, Wire.Packet(0x32, "t", 0, 1));
        window.BeginResume();

        Again(window, 2).ShouldBe([.. Ack(0x62, 2), .. Wire.Packet(0x3A, "t", 0, 3)]);
        window.WaitingToResend.ShouldBe(2);
        Again(window, 2).ShouldBeEmpty();
        window.Release(2);
        Again(window, 2).ShouldBe(Wire.Packet(0x3A, "t", 0, 4));
        window.Release(3);
        Again(window, 2).ShouldBe(Wire.Packet(0x3A, "t", 0, 1));
        window.WaitingToResend.ShouldBe(0);
    }

    [Fact, Spec("MQTT-4.3.3-10")]
    public void Second_publish_of_qos_2_before_pubrel_is_a_copy()
    {
        var inbound = new InboundExactlyOnce();
        inbound.TryBegin(7, out _).ShouldBeTrue();
        inbound.TryBegin(7, out var again).ShouldBeFalse();
        again.ShouldBeFalse("its owner has not acknowledged it yet");
        inbound.Acknowledge(7, refused: false);
        inbound.TryBegin(7, out again).ShouldBeFalse();
        again.ShouldBeTrue();
        inbound.Complete(7).ShouldBeTrue();
        inbound.Complete(7).ShouldBeFalse();
        inbound.TryBegin(7, out _).ShouldBeTrue();
        inbound.Acknowledge(7, refused: true);
        inbound.TryBegin(7, out _).ShouldBeTrue("a refusal ends the exchange");
        inbound.ForgetUnacknowledged();
        inbound.Count.ShouldBe(0);
    }

    [Fact]
    public void Wheel_looks_at_a_member_when_it_is_due_and_never_late()
    {
        var time = new ManualClock();
        using var wheel = new KeepAliveWheel(time);
        var fast = new Member(() => TimeSpan.FromSeconds(5));
        var slow = new Member(() => TimeSpan.FromSeconds(1000));
        var once = new Member(() => null);
        wheel.Add(fast, TimeSpan.FromSeconds(5));
        wheel.Add(slow, TimeSpan.FromSeconds(1000));
        wheel.Add(once, TimeSpan.Zero);
        for (var second = 1; second <= 2000; second++)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            once.Looks.ShouldBe(1);
            fast.Looks.ShouldBe(second / 5);
            slow.Looks.ShouldBe(second / 1000);
        }
        wheel.Count.ShouldBe(2);
    }

    [Fact]
    public void Wheel_without_members_has_no_timer_and_starts_again()
    {
        var time = new ManualClock();
        using var wheel = new KeepAliveWheel(time);
        time.Timers.ShouldBe(0);
        var member = new Member(() => null);
        wheel.Add(member, TimeSpan.FromSeconds(2));
        time.Timers.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(10));
        member.Looks.ShouldBe(1);
        time.Timers.ShouldBe(0);
        time.Advance(TimeSpan.FromSeconds(1000));
        wheel.Add(member, TimeSpan.FromSeconds(2));
        time.Advance(TimeSpan.FromSeconds(1));
        member.Looks.ShouldBe(1);
        time.Advance(TimeSpan.FromSeconds(1));
        member.Looks.ShouldBe(2);
    }

    [Fact]
    public void Send_buffer_grows_and_holds_nothing_once_detached()
    {
        var buffer = new SendBuffer();
        byte[] expected = [.. Enumerable.Range(0, 10_000).Select(i => (byte)i)];
        foreach (var b in expected)
        {
            buffer.GetSpan(1)[0] = b;
            buffer.Advance(1);
        }
        buffer.Last(3).ToArray().ShouldBe(expected[^3..]);
        var detached = buffer.Detach();
        detached.ToArray().ShouldBe(expected);
        ArrayPool<byte>.Shared.Return(detached.Array!);
        buffer.Count.ShouldBe(0);
    }

    private static byte[] Again(OutboundWindow window, int limit)
    {
        var output = new ArrayBufferWriter<byte>();
        window.WriteAgain(output, limit);
        return output.WrittenSpan.ToArray();
    }

    private static byte[] Ack(byte first, byte identifier) => [first, 2, 0, identifier];

    private sealed class Recorder : IPublishCompletion
    {
        public List<ulong> States { get; } = [];

        public void Published(in PublishResult result, ulong state) => States.Add(state);
    }

    private sealed class Member(Func<TimeSpan?> next) : IKeepAliveMember
    {
        public int Looks { get; private set; }

        public TimeSpan? KeepAlive()
        {
            Looks++;
            return next();
        }
    }
}
