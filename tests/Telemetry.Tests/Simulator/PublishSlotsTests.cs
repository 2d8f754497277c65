using MQTTnet.Protocol;
using Telemetry.Simulator.Devices;

namespace Telemetry.Tests.Simulator;

public sealed class PublishSlotsTests
{
    [Fact]
    public void Identifiers_are_distinct_from_1_up_and_used_again_once_freed()
    {
        var slots = new PublishSlots(3, "t", MqttQualityOfServiceLevel.AtLeastOnce);
        ushort[] taken = [.. Enumerable.Range(0, 3).Select(i => slots.Take(new byte[i], (ulong)i).PacketIdentifier)];
        taken.ShouldBe([1, 2, 3]);
        slots.Count.ShouldBe(3);
        slots.TryRelease(2, out var state).ShouldBeTrue();
        state.ShouldBe(1UL);
        var packet = slots.Take("again"u8.ToArray(), 9);
        (packet.PacketIdentifier, packet.Topic, packet.QualityOfServiceLevel, packet.Payload.Length)
            .ShouldBe(((ushort)2, "t", MqttQualityOfServiceLevel.AtLeastOnce, 5));
    }

    [Fact]
    public void An_answer_to_nothing_frees_nothing()
    {
        var slots = new PublishSlots(2, "t", MqttQualityOfServiceLevel.ExactlyOnce);
        slots.Take(default, 7);
        foreach (ushort identifier in (ushort[])[0, 2, 3, ushort.MaxValue])
        {
            slots.TryRelease(identifier, out _).ShouldBeFalse();
        }

        slots.TryRelease(1, out _).ShouldBeTrue();
        slots.TryRelease(1, out _).ShouldBeFalse();
        slots.Count.ShouldBe(0);
    }

    [Fact]
    public void All_that_is_under_way_is_given_back_once()
    {
        var slots = new PublishSlots(4, "t", MqttQualityOfServiceLevel.AtLeastOnce);
        slots.Take(default, 5);
        slots.Take(6).ShouldBe((ushort)2);
        slots.ReleaseAll().ShouldBe([5, 6]);
        slots.ReleaseAll().ShouldBeEmpty();
    }
}
