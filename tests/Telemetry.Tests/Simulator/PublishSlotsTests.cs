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
        slots.Release(2).ShouldBe(1UL);
        var packet = slots.Take("again"u8.ToArray(), 9);
        (packet.PacketIdentifier, packet.Topic, packet.QualityOfServiceLevel, packet.Payload.Length)
            .ShouldBe(((ushort)2, "t", MqttQualityOfServiceLevel.AtLeastOnce, 5));
    }

    [Fact]
    public void A_publish_waits_for_the_answers_of_its_qos_in_their_order()
    {
        var slots = new PublishSlots(2, "t", MqttQualityOfServiceLevel.ExactlyOnce);
        slots.Take(default, 7);
        slots.StageOf(1).ShouldBe(PublishStage.Received);
        slots.Received(1);
        slots.StageOf(1).ShouldBe(PublishStage.Complete);
        slots.Release(1).ShouldBe(7UL);

        // What the device answers to a command is at QoS 1 always.
        slots.StageOf(slots.Take(8)).ShouldBe(PublishStage.Acknowledge);
        foreach (ushort identifier in (ushort[])[0, 2, 3, ushort.MaxValue])
        {
            slots.StageOf(identifier).ShouldBe(PublishStage.None);
        }
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
