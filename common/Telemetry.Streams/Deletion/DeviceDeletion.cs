using System.Text;

namespace Telemetry.Streams.Deletion;

/// <summary>
/// The order to delete a device's data: a record without a value, in the partition that holds the device's records. Everything the topic has of the device
/// below the record's offset is deleted; what comes after it is a new beginning. Whoever reads the topic, today or in a replay, does so at the same place.
/// Readers that know nothing of deletions pass over a record without a value.
/// </summary>
/// <param name="Device">Whose data.</param>
/// <param name="By">Who ordered it.</param>
public sealed record DeviceDeletion(string Device, string By)
{
    /// <summary>Header with the device's name, UTF-8.</summary>
    public const string DeviceHeader = "telemetry-deleted-device";

    /// <summary>Header with the name of who ordered it, UTF-8.</summary>
    public const string ByHeader = "telemetry-deleted-by";

    /// <summary>Headers of the record.</summary>
    public RecordHeaders ToHeaders() => new(
    [
        KeyValuePair.Create(DeviceHeader, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(Device)),
        KeyValuePair.Create(ByHeader, (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(By)),
    ]);

    /// <summary>Null: the record is no order to delete.</summary>
    public static DeviceDeletion? Read(in LogRecord record) =>
        record.Value.IsEmpty && record.Headers.TryGet(DeviceHeader, out var device) && !device.IsEmpty
            ? new DeviceDeletion(
                Encoding.UTF8.GetString(device.Span), record.Headers.TryGet(ByHeader, out var by) ? Encoding.UTF8.GetString(by.Span) : "")
            : null;

    /// <summary>Appends the order to a topic; completes when it is durable.</summary>
    /// <param name="producer">The producer.</param>
    /// <param name="topic">Topic.</param>
    /// <param name="partition">Partition; null: that of the key.</param>
    /// <param name="key">Key of the records to delete; null: the device's name.</param>
    /// <param name="timestampMs">Milliseconds since 1970-01-01T00:00:00Z.</param>
    /// <param name="cancellationToken">Gives up waiting; it may have been written.</param>
    /// <exception cref="RecordLogException">The log did not take it.</exception>
    public async Task AppendAsync(
        IRecordProducer producer, string topic, int? partition, ReadOnlyMemory<byte>? key, long timestampMs, CancellationToken cancellationToken)
    {
        var appended = new AppendTask();
        var headers = ToHeaders();
        var name = key ?? Encoding.UTF8.GetBytes(Device);
        while (!producer.TryAppend(
            new NewRecord { Topic = topic, Partition = partition, Key = name.Span, Headers = headers, TimestampMs = timestampMs }, appended, 0))
        {
            await producer.WaitForCapacityAsync(cancellationToken);
        }

        await appended.Task.WaitAsync(cancellationToken);
    }
}
