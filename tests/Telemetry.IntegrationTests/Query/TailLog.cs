using System.Buffers;
using System.Text;
using System.Threading.Channels;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;

namespace Telemetry.IntegrationTests.Query;

/// <summary>
/// A scripted peer at the log's boundary: the test says what arrives and where the log ends. Only what the query role
/// uses is there; everything else refuses.
/// </summary>
internal sealed class TailLog : IRecordLog
{
    private readonly Channel<LogRecord> _records = Channel.CreateBounded<LogRecord>(100_000);
    private ulong _sequence;

    /// <summary>Never.</summary>
    public Task<Exception> Failed { get; } = new TaskCompletionSource<Exception>().Task;

    /// <summary>End of partition 0 of the readings; the log starts at 0.</summary>
    public long High { get; set; }

    /// <summary>How long ago the newest stored record came in; null: the log does not have it any more.</summary>
    public TimeSpan? StoredAge { get; set; }

    /// <summary>True: questions about offsets fail, as when the cluster is away.</summary>
    public bool Down { get; set; }

    /// <summary>New readings, of boot 7.</summary>
    public void Readings(string device, string sensor, params ReadOnlySpan<(long TimeUs, double Value)> readings)
    {
        Readings(device, sensor, _sequence + 1, readings);
        _sequence += (ulong)readings.Length;
    }

    /// <summary>Readings of boot 7 with sequences from <paramref name="first"/> on.</summary>
    public void Readings(string device, string sensor, ulong first, params ReadOnlySpan<(long TimeUs, double Value)> readings)
    {
        var times = new long[readings.Length];
        var values = new double[readings.Length];
        for (var i = 0; i < readings.Length; i++)
        {
            (times[i], values[i]) = readings[i];
        }

        var body = new ArrayBufferWriter<byte>();
        ReadingBatchWriter.Write(
            body, Encoding.ASCII.GetBytes(device), 7, first, [Encoding.ASCII.GetBytes(sensor)], [], times, values, []);
        Add(LogTopics.Readings, device, body.WrittenSpan);
    }

    public void Anomaly(Anomaly anomaly) => Add(LogTopics.Anomalies, anomaly.Device, anomaly.ToByteArray());

    public void Incident(Incident incident) => Add(LogTopics.Incidents, incident.Device, incident.ToByteArray());

    public ValueTask EnsureTopicsAsync(IReadOnlyList<TopicSpec> topics, CancellationToken cancellationToken) => default;

    public ValueTask<int> QueryPartitionCountAsync(string topic, CancellationToken cancellationToken) => topic.StartsWith("telemetry.alarm", StringComparison.Ordinal) || topic == LogTopics.Catalogue
        ? throw new RecordLogException(RecordLogError.Unavailable, "Alarms and the catalogue are not part of the script.")
        : ValueTask.FromResult(1);

    public IRecordProducer CreateProducer(ProducerOptions options) => throw new NotSupportedException();

    public ValueTask<ITransactionalProducer> OpenTransactionalProducerAsync(
        string transactionalId, ProducerOptions options, CancellationToken cancellationToken) => throw new NotSupportedException();

    public IRecordConsumer CreateConsumer(ConsumerOptions options) => new Consumer(_records.Reader);

    public ValueTask<OffsetRange> QueryOffsetsAsync(TopicPartition partition, CancellationToken cancellationToken) => Down
        ? throw new RecordLogException(RecordLogError.Unavailable, "The cluster is away.")
        : ValueTask.FromResult(new OffsetRange(0, partition.Topic == LogTopics.Readings ? High : 0));

    public ValueTask<long?> QueryOffsetForTimeAsync(
        TopicPartition partition, DateTimeOffset time, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyDictionary<TopicPartition, CommittedOffset>> QueryCommittedAsync(
        string group, IReadOnlyList<TopicPartition> partitions, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        string group, string topic, CancellationToken cancellationToken) => throw new NotSupportedException();

    public ValueTask<IReadOnlyList<PartitionLag>> QueryLagAsync(
        IReadOnlyDictionary<TopicPartition, long> next, CancellationToken cancellationToken) => ValueTask.FromResult<IReadOnlyList<PartitionLag>>(
        StoredAge is { } age ? [.. next.Select(n => new PartitionLag(n.Key, High - n.Value, age))] : []);

    public ValueTask DisposeAsync() => default;

    private void Add(string topic, string key, ReadOnlySpan<byte> message)
    {
        var value = new byte[ConfluentFrame.HeaderBytes + message.Length];
        ConfluentFrame.WriteHeader(value, 1);
        message.CopyTo(value.AsSpan(ConfluentFrame.HeaderBytes));
        _records.Writer.TryWrite(new LogRecord(topic, 0, 0, 0, Encoding.ASCII.GetBytes(key), value, RecordHeaders.Empty)).ShouldBeTrue();
    }

    private sealed class Consumer(ChannelReader<LogRecord> records) : IRecordConsumer
    {
        public IReadOnlyList<TopicPartition> Assignment { get; private set; } = [];

        public void Assign(IReadOnlyList<TopicPartition> partitions) => Assignment = partitions;

        public async ValueTask<IReadOnlyList<LogRecord>> PollAsync(int recordsMax, TimeSpan wait, CancellationToken cancellationToken)
        {
            var polled = new List<LogRecord> { await records.ReadAsync(cancellationToken) };
            while (polled.Count < recordsMax && records.TryRead(out var record))
            {
                polled.Add(record);
            }

            return polled;
        }

        public long Position(TopicPartition partition) => 0;

        public void Seek(TopicPartition partition, long offset)
        {
        }

        public void Pause(IReadOnlyList<TopicPartition> partitions)
        {
        }

        public void Resume(IReadOnlyList<TopicPartition> partitions)
        {
        }

        public ValueTask CommitAsync(
            IReadOnlyDictionary<TopicPartition, CommittedOffset> offsets, CancellationToken cancellationToken) => default;

        public ValueTask DisposeAsync() => default;
    }
}
