using System.Diagnostics;
using Confluent.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Streams.Kafka.Producers;

/// <summary>One record between append and delivery report; reused.</summary>
internal sealed class InFlightRecord
{
    public InFlightRecord(KafkaProducer owner)
    {
        Delivered = report => owner.Delivered(this, report.Partition.Value, report.Offset.Value, report.Error);
    }

    public Action<DeliveryReport<byte[]?, byte[]?>> Delivered { get; }

    public KafkaTopic Topic { get; set; } = null!;

    public IAppendCompletion? Completion { get; set; }

    public ulong State { get; set; }

    /// <summary>Bytes of key, value and headers.</summary>
    public int Size { get; set; }

    public FlushGroup Group { get; set; } = null!;

    /// <summary>Its span; null when it is not traced.</summary>
    public Activity? Send { get; set; }
}
