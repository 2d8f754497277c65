using System.Text;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;

namespace Telemetry.Alarms.Folding;

/// <summary>A record to append.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Key">Key; the partition is made from it.</param>
/// <param name="Value">Value.</param>
/// <param name="TimestampMs">Time of the input that caused it.</param>
/// <param name="Headers">Headers; null: none.</param>
internal readonly record struct FoldRecord(string Topic, byte[] Key, byte[] Value, long TimestampMs, RecordHeaders? Headers = null)
{
    /// <summary>An order to delete what a topic has of a device.</summary>
    public static FoldRecord Of(string topic, DeviceDeletion deletion, long timestampMs) =>
        new(topic, Encoding.UTF8.GetBytes(deletion.Device), [], timestampMs, deletion.ToHeaders());
}

/// <summary>What goes into one commit of one partition.</summary>
internal sealed class FoldChanges
{
    /// <summary>Outputs, in order.</summary>
    public List<FoldRecord> Outputs { get; } = [];

    /// <summary>Entries of the state topic, each key once; an empty value removes it.</summary>
    public List<(byte[] Key, byte[] Value)> State { get; } = [];

    public void Clear()
    {
        Outputs.Clear();
        State.Clear();
    }

    /// <summary>Appends everything; the state to one partition.</summary>
    /// <exception cref="RecordLogException">As <see cref="IRecordProducer.TryAppend"/>.</exception>
    public async ValueTask AppendAsync(IRecordProducer producer, string? stateTopic, int partition, long timeMs, CancellationToken cancellationToken)
    {
        foreach (var record in Outputs)
        {
            await AppendAsync(producer, record.Topic, null, record.Key, record.Value, record.TimestampMs, record.Headers, cancellationToken);
        }

        if (stateTopic is null)
        {
            return;
        }

        foreach (var (key, value) in State)
        {
            await AppendAsync(producer, stateTopic, partition, key, value, timeMs, null, cancellationToken);
        }
    }

    private static async ValueTask AppendAsync(
        IRecordProducer producer, string topic, int? partition, byte[] key, byte[] value, long timeMs, RecordHeaders? headers, CancellationToken cancellationToken)
    {
        while (!producer.TryAppend(
            new NewRecord { Topic = topic, Partition = partition, Key = key, Value = value, TimestampMs = timeMs, Headers = headers }, null, 0))
        {
            await producer.WaitForCapacityAsync(cancellationToken);
        }
    }
}
