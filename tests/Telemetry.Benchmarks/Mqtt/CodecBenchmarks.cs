using System.Buffers;
using BenchmarkDotNet.Attributes;
using Telemetry.Mqtt;

namespace Telemetry.Benchmarks.Mqtt;

/// <summary>The codec's hot paths: a publish of 200 bytes in and out, one to 100 subscribers, and its acknowledgement.</summary>
[MemoryDiagnoser]
public class CodecBenchmarks
{
    private const int Packets = 1000;
    private const int Subscribers = 100;

    private readonly ArrayBufferWriter<byte> _output = new(1 << 20);
    private readonly PublishMessage _message = PublishMessage.Create(
        "telemetry/v1/device-000123/readings", new byte[200], new MqttProperties { ContentType = "application/x-protobuf" });

    private ReadOnlySequence<byte> _publishes;
    private ReadOnlySequence<byte> _acks;
    private TopicFilter _filter = TopicFilter.Parse("telemetry/v1/+/readings/#");

    [GlobalSetup]
    public void Setup()
    {
        var publishes = new ArrayBufferWriter<byte>();
        var acks = new ArrayBufferWriter<byte>();
        for (ushort i = 1; i <= Packets; i++)
        {
            PublishPacket.Write(
                publishes, MqttVersion.V500, _message, new PublishDelivery { Qos = MqttQos.AtLeastOnce, PacketIdentifier = i });
            PubAckPacket.Write(acks, MqttPacketType.PubAck, i);
        }
        _publishes = new ReadOnlySequence<byte>(publishes.WrittenMemory);
        _acks = new ReadOnlySequence<byte>(acks.WrittenMemory);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Packets)]
    public int DecodePublish()
    {
        var bytes = 0;
        var rest = _publishes;
        while (MqttFrame.TryRead(rest, 1 << 20, out var frame, out var consumed, out _, out _) == FrameStatus.Complete)
        {
            using var body = frame.GetBody();
            PublishPacket.TryParse(frame.Flags, body.Span, MqttVersion.V500, out var packet, out _);
            bytes += packet.Payload.Length;
            rest = rest.Slice(consumed);
        }
        return bytes;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public int DecodePubAck()
    {
        var sum = 0;
        var rest = _acks;
        while (MqttFrame.TryRead(rest, 1 << 20, out var frame, out var consumed, out _, out _) == FrameStatus.Complete)
        {
            using var body = frame.GetBody();
            PubAckPacket.TryParse(frame.Type, body.Span, MqttVersion.V500, out var packet, out _);
            sum += packet.PacketIdentifier;
            rest = rest.Slice(consumed);
        }
        return sum;
    }

    [Benchmark(OperationsPerInvoke = Subscribers)]
    public int EncodePublishToManySubscribers()
    {
        _output.ResetWrittenCount();
        for (ushort i = 1; i <= Subscribers; i++)
        {
            PublishPacket.Write(
                _output, MqttVersion.V500, _message, new PublishDelivery { Qos = MqttQos.AtLeastOnce, PacketIdentifier = i });
        }
        return _output.WrittenCount;
    }

    [Benchmark(OperationsPerInvoke = Packets)]
    public int EncodePubAck()
    {
        _output.ResetWrittenCount();
        for (ushort i = 1; i <= Packets; i++)
        {
            PubAckPacket.Write(_output, MqttPacketType.PubAck, i);
        }
        return _output.WrittenCount;
    }

    [Benchmark]
    public bool MatchFilter() => _filter.Matches("telemetry/v1/device-000123/readings"u8);
}
