using System.Runtime.InteropServices;

namespace Telemetry.Streams.Kafka.Native;

/// <summary>The few functions of librdkafka (rdkafka.h) that carry metadata of committed offsets.</summary>
internal static partial class Librdkafka
{
    /// <summary>Resolved to the file that Confluent.Kafka uses: <see cref="LoadedLibrdkafka"/>.</summary>
    public const string Library = "librdkafka";

    /// <summary>rd_kafka_topic_partition_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionElement
    {
        public IntPtr Topic;
        public int Partition;
        public long Offset;
        public IntPtr Metadata;
        public nuint MetadataSize;
        public IntPtr Opaque;
        public int Error;
        public IntPtr Private;
    }

    /// <summary>rd_kafka_topic_partition_list_t.</summary>
    [StructLayout(LayoutKind.Sequential)]
    public struct PartitionList
    {
        public int Count;
        public int Size;
        public IntPtr Elements;
    }

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_new")]
    public static partial IntPtr NewList(int size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_add", StringMarshalling = StringMarshalling.Utf8)]
    public static partial IntPtr AddToList(IntPtr list, string topic, int partition);

    [LibraryImport(Library, EntryPoint = "rd_kafka_topic_partition_list_destroy")]
    public static partial void DestroyList(IntPtr list);

    [LibraryImport(Library, EntryPoint = "rd_kafka_mem_malloc")]
    public static partial IntPtr Allocate(IntPtr client, nuint size);

    [LibraryImport(Library, EntryPoint = "rd_kafka_commit")]
    public static partial int Commit(IntPtr client, IntPtr list, int isAsync);

    [LibraryImport(Library, EntryPoint = "rd_kafka_committed")]
    public static partial int Committed(IntPtr client, IntPtr list, int timeoutMs);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consumer_group_metadata")]
    public static partial IntPtr GroupMetadata(IntPtr consumer);

    [LibraryImport(Library, EntryPoint = "rd_kafka_consumer_group_metadata_destroy")]
    public static partial void DestroyGroupMetadata(IntPtr metadata);

    [LibraryImport(Library, EntryPoint = "rd_kafka_send_offsets_to_transaction")]
    public static partial IntPtr SendOffsets(IntPtr producer, IntPtr list, IntPtr groupMetadata, int timeoutMs);

    /// <summary>Answers what is queued (1) and in flight (2) with an error instead of waiting for brokers.</summary>
    [LibraryImport(Library, EntryPoint = "rd_kafka_purge")]
    public static partial int Purge(IntPtr producer, int flags);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_code")]
    public static partial int ErrorCode(IntPtr error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_string")]
    public static partial IntPtr ErrorString(IntPtr error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_is_fatal")]
    public static partial int ErrorIsFatal(IntPtr error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_is_retriable")]
    public static partial int ErrorIsRetriable(IntPtr error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_txn_requires_abort")]
    public static partial int ErrorRequiresAbort(IntPtr error);

    [LibraryImport(Library, EntryPoint = "rd_kafka_error_destroy")]
    public static partial void DestroyError(IntPtr error);
}
