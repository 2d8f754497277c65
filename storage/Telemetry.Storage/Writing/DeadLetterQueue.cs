using System.Globalization;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.Storage.Writing;

/// <summary>Dead letters of records behind the checkpoint to come; they become visible with it, so each exactly once.</summary>
internal sealed class DeadLetterQueue(int schemaId, TimeProvider time)
{
    private const long BytesMax = 8 << 20;

    private List<(int Partition, byte[] Key, byte[] Value)> _letters = [];
    private long _bytes;

    /// <summary>True: a checkpoint should come soon.</summary>
    public bool IsFull => _bytes > BytesMax;

    /// <param name="record">Record.</param>
    /// <param name="cause">Machine-readable cause.</param>
    /// <param name="detail">A sentence for people.</param>
    /// <param name="indexes">Readings meant; null is the whole record.</param>
    public void Add(in LogRecord record, string cause, string detail, IReadOnlyList<int>? indexes)
    {
        var letter = new DeadLetter
        {
            Payload = ByteString.CopyFrom(record.Value.Span),
            Source = record.Topic,
            SourcePartition = record.Partition,
            SourceOffset = record.Offset,
            Cause = cause,
            Detail = string.Create(CultureInfo.InvariantCulture, $"{record.Topic}, partition {record.Partition}, offset {record.Offset}: {detail}"),
            Stage = "storage",
            RefusedAtUs = UnixMicros.From(time.GetUtcNow()),
        };
        foreach (var index in indexes ?? [])
        {
            letter.ReadingIndexes.Add((uint)index);
        }

        var value = new byte[ConfluentFrame.HeaderBytes + letter.CalculateSize()];
        ConfluentFrame.WriteHeader(value, schemaId);
        letter.WriteTo(value.AsSpan(ConfluentFrame.HeaderBytes));
        _letters.Add((record.Partition, record.Key.ToArray(), value));
        _bytes += value.Length;
    }

    /// <summary>Hands over what there is.</summary>
    public IReadOnlyList<(byte[] Key, byte[] Value)> Take()
    {
        var letters = _letters.ConvertAll(l => (l.Key, l.Value));
        _letters = [];
        _bytes = 0;
        return letters;
    }

    /// <summary>Forgets those of partitions that go to another sink uncommitted: it reads their records again.</summary>
    public void Forget(IReadOnlyList<TopicPartition> partitions)
    {
        _letters.RemoveAll(l => partitions.Any(p => p.Partition == l.Partition));
        _bytes = _letters.Sum(l => (long)l.Value.Length);
    }

    public static async ValueTask AppendAsync(
        IReadOnlyList<(byte[] Key, byte[] Value)> letters, IRecordProducer producer, long timestampMs, CancellationToken cancellationToken)
    {
        foreach (var (key, value) in letters)
        {
            while (!producer.TryAppend(
                       new NewRecord { Topic = LogTopics.DeadLetters, Key = key, Value = value, TimestampMs = timestampMs }, null, 0))
            {
                await producer.WaitForCapacityAsync(cancellationToken);
            }
        }
    }
}
