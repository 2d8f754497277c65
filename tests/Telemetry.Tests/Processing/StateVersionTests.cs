using System.Text;
using Telemetry.Processing;
using Telemetry.Processing.Devices;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Pipeline;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

/// <summary>State that releases before wrote, byte by byte as they did.</summary>
public class StateVersionTests
{
    private const int BlockBytes = 48;

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void State_of_a_release_before_is_read_and_its_series_begin_afresh(byte version)
    {
        var processor = new PartitionProcessor(new ProcessingOptions { Detectors = () => [new RecordingDetector()] }, new TopicPartition("readings", 0));
        var writer = new StateWriter();
        writer.Byte(version);
        new DeviceSequences().Write(writer);
        default(ClockEstimate).Write(writer);
        default(SequenceGap).Write(writer);
        writer.ZigZag(Batches.StartMs);
        writer.Byte(1);
        Series(writer, version);
        var reader = new StateReader(writer.WrittenSpan);

        var state = processor.Codec.Read("d"u8, ref reader);

        reader.AtEnd.ShouldBeTrue();
        (state.LastSeenMs, state.IsSilent, state.SilentSinceUs, state.Series.Count).ShouldBe((Batches.StartMs, true, Batches.StartMs * 1000, 2));
        (state.Incidents, state.Late, state.Unjudged).ShouldBe((null, null, 0L));
        processor.Pool.Reset.ShouldBe(2);
        var again = new StateWriter();
        processor.Codec.Write(state, again);
        again.WrittenSpan[0].ShouldBe((byte)6);
    }

    /// <summary>Nothing packed, each block behind its name. Nothing of it begins afresh.</summary>
    [Fact]
    public void State_of_the_release_before_goes_on_bit_for_bit()
    {
        var before = new PartitionDriver(new ProcessingOptions());
        var fleet = new RandomFleet(5, devices: 3);
        for (var i = 0; i < 600; i++)
        {
            var (time, _, value) = fleet.Next();
            before.Append(time, value);
        }

        before.Restore();
        before.Run(400);
        var written = before.Processor.Table.Slots.ToDictionary(slot => slot.Text, slot => Version4(before.Processor, slot.State!));
        var after = new PartitionProcessor(new ProcessingOptions(), new TopicPartition("readings", 0));
        foreach (var (device, bytes) in written)
        {
            var reader = new StateReader(bytes);
            var state = after.Codec.Read(Encoding.ASCII.GetBytes(device), ref reader);
            reader.AtEnd.ShouldBeTrue();
            after.Pool.Reset.ShouldBe(0);
            Version4(after, state).ShouldBe(bytes);

            var original = before.Processor.Table.Slots.Single(slot => slot.Text == device).State!;

            // How often a device measures is learned again: no release before knew it.
            state.Measuring = original.Measuring;
            var whole = new StateWriter();
            before.Processor.Codec.Write(original, whole);
            var now = new StateWriter();
            after.Codec.Write(state, now);
            now.WrittenSpan.ToArray().ShouldBe(whole.WrittenSpan.ToArray());
        }

        written.Count.ShouldBe(3);
    }

    /// <summary>Packed, but each block after the one before instead of in columns.</summary>
    [Fact]
    public void State_that_was_packed_block_after_block_goes_on_bit_for_bit()
    {
        var driver = new PartitionDriver(new ProcessingOptions());
        var fleet = new RandomFleet(6, devices: 2);
        for (var i = 0; i < 300; i++)
        {
            var (time, _, value) = fleet.Next();
            driver.Append(time, value);
        }

        driver.Restore();
        driver.Run(300);
        var codec = driver.Processor.Codec;
        foreach (var slot in driver.Processor.Table.Slots)
        {
            var whole = new StateWriter();
            codec.Write(slot.State!, whole);
            var packed = new StateReader(whole.WrittenSpan[1..]);
            var packer = new PackedState();
            packer.Read(ref packed, out var head, out var words);
            var former = new StateWriter();
            former.Byte(5);
            new PackedState().Write(head.Rest, words.Rest, former);

            var reader = new StateReader(former.WrittenSpan);
            var read = codec.Read(slot.Key.Span, ref reader);
            var again = new StateWriter();
            codec.Write(read, again);
            again.WrittenSpan.ToArray().ShouldBe(whole.WrittenSpan.ToArray());
        }
    }

    [Fact]
    public void State_of_a_release_to_come_is_refused_with_its_version()
    {
        var processor = new PartitionProcessor(new ProcessingOptions(), new TopicPartition("readings", 0));
        Should.Throw<FormatException>(() =>
        {
            var reader = new StateReader([99]);
            processor.Codec.Read("d"u8, ref reader);
        }).Message.ShouldContain("99");
    }

    private static byte[] Version4(PartitionProcessor processor, DeviceState state)
    {
        var writer = new StateWriter();
        writer.Byte(4);
        state.Sequences.Write(writer);
        state.Clock.Write(writer);
        state.Gap.Write(writer);
        writer.ZigZag(state.LastSeenMs);
        writer.Byte(state.IsSilent ? (byte)1 : (byte)0);
        state.Series.Write(writer, writer);
        state.Pace.Write(writer);
        writer.ZigZag(state.SilentSinceUs);
        writer.ZigZag(state.AbandonAtMs);
        writer.ZigZag(state.Unjudged);
        writer.Byte((byte)((state.Incidents is null ? 0 : 1) | (state.Late is null ? 0 : 2) | (state.Profiles is null ? 0 : 4)));
        if (state.Incidents is { } incidents)
        {
            IncidentCodec.Write(incidents, writer);
        }

        state.Late?.Write(writer);
        state.Profiles?.Write(writer);
        return writer.WrittenSpan.ToArray();
    }

    private static void Series(StateWriter writer, byte version)
    {
        if (version == 2)
        {
            writer.Fixed64(12345);
            writer.Varint(BlockBytes);
        }

        writer.Varint(2);
        foreach (var name in new[] { "temperature", "vibration" })
        {
            writer.Bytes(Encoding.ASCII.GetBytes(name));
            writer.Varint(7);
            if (version == 3)
            {
                writer.Varint(0);
                writer.Fixed64(12345);
                writer.Varint(BlockBytes);
            }

            writer.Raw(new byte[BlockBytes]);
        }
    }
}
