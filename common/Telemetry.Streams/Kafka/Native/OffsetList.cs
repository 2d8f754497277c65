using System.Runtime.InteropServices;
using System.Text;
using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Native;

/// <summary>A list of partitions with offsets and metadata in librdkafka's memory.</summary>
internal readonly ref struct OffsetList : IDisposable
{
    private OffsetList(IntPtr pointer) => Pointer = pointer;

    public IntPtr Pointer { get; }

    public static OffsetList Of(IReadOnlyCollection<TopicPartition> partitions)
    {
        var list = new OffsetList(Librdkafka.NewList(partitions.Count));
        foreach (var partition in partitions)
        {
            Librdkafka.AddToList(list.Pointer, partition.Topic, partition.Partition);
        }

        return list;
    }

    public static unsafe OffsetList Of(IntPtr client, IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets)
    {
        var list = new OffsetList(Librdkafka.NewList(offsets.Count));
        foreach (var (partition, committed) in offsets)
        {
            var element = (Librdkafka.PartitionElement*)Librdkafka.AddToList(list.Pointer, partition.Topic, partition.Partition);
            element->Offset = committed.Offset;
            if (committed.Metadata.Length > 0)
            {
                // Owned by the element from here on, and freed with it.
                var length = Encoding.UTF8.GetByteCount(committed.Metadata);
                element->Metadata = Librdkafka.Allocate(client, (nuint)length + 1);
                element->MetadataSize = (nuint)length;
                var bytes = new Span<byte>((void*)element->Metadata, length + 1);
                Encoding.UTF8.GetBytes(committed.Metadata, bytes);
                bytes[length] = 0;
            }
        }

        return list;
    }

    /// <summary>Elements with an offset; and the first error of an element.</summary>
    public unsafe Dictionary<TopicPartition, CommittedOffset> Read(out ErrorCode error)
    {
        error = ErrorCode.NoError;
        var found = new Dictionary<TopicPartition, CommittedOffset>();
        var list = (Librdkafka.PartitionList*)Pointer;
        for (var i = 0; i < list->Count; i++)
        {
            ref var element = ref ((Librdkafka.PartitionElement*)list->Elements)[i];
            if (element.Error != 0)
            {
                error = error == ErrorCode.NoError ? (ErrorCode)element.Error : error;
            }
            else if (element.Offset >= 0)
            {
                var metadata = element.Metadata == 0
                    ? ""
                    : Encoding.UTF8.GetString(new ReadOnlySpan<byte>((void*)element.Metadata, (int)element.MetadataSize));
                found[new TopicPartition(Marshal.PtrToStringUTF8(element.Topic)!, element.Partition)] =
                    new CommittedOffset(element.Offset, metadata);
            }
        }

        return found;
    }

    public void Dispose() => Librdkafka.DestroyList(Pointer);
}
