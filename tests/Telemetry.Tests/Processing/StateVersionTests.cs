using System.Text;
using Telemetry.Processing;
using Telemetry.Processing.Devices;
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
        again.WrittenSpan[0].ShouldBe((byte)4);
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
