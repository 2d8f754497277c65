using System.Buffers.Binary;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Streams;

/// <summary>
/// What runs in the process that is killed: appends as fast as acknowledgements come, copies everything from one topic to
/// another in transactions, and writes each acknowledged value to a file, which survives the process.
/// </summary>
internal sealed class JournalKillChild(string directory) : IAppendCompletion, IDisposable
{
    public const string Input = "in";
    public const string Output = "out";
    public const int Partitions = 4;
    private const int InFlightMax = 2_000;

    private readonly SemaphoreSlim _inFlight = new(InFlightMax, InFlightMax);
    private readonly FileStream _acknowledged = new(
        AcknowledgedIn(directory), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);

    public static string AcknowledgedIn(string directory) => Path.Combine(directory, "acknowledged");

    public static JournalOptions OptionsIn(string directory) => new()
    {
        Directory = Path.Combine(directory, "log"),
        SegmentBytes = 1 << 20,
        CommitFileBytes = 1 << 14,
        FreeBytesMin = 0,
    };

    public static TopicSpec[] Topics => [new TopicSpec(Input, Partitions), new TopicSpec(Output, Partitions)];

    /// <summary>Ends only with the process.</summary>
    public async Task RunAsync()
    {
        await using var log = JournalLog.Open(OptionsIn(directory), NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync(Topics, default);
        await Task.WhenAll(Task.Run(() => AppendAsync(log)), Task.Run(() => CopyAsync(log)));
    }

    public void Appended(long offset, RecordLogException? error, ulong state)
    {
        if (error is null)
        {
            Span<byte> value = stackalloc byte[sizeof(ulong)];
            BinaryPrimitives.WriteUInt64LittleEndian(value, state);
            _acknowledged.Write(value);
        }

        _inFlight.Release();
    }

    public void Dispose()
    {
        _acknowledged.Dispose();
        _inFlight.Dispose();
    }

    private async Task AppendAsync(JournalLog log)
    {
        await using var producer = log.CreateProducer(new ProducerOptions());
        var value = new byte[100];

        // Values never repeat over the rounds: they begin with the time.
        for (var next = (ulong)DateTimeOffset.UtcNow.ToUnixTimeMilliseconds() << 20; ; next++)
        {
            await _inFlight.WaitAsync();
            BinaryPrimitives.WriteUInt64LittleEndian(value, next);
            producer.TryAppend(
                new NewRecord { Topic = Input, Partition = (int)(next % Partitions), Value = value, TimestampMs = (long)(next >> 20) },
                this,
                next);
        }
    }

    private static async Task CopyAsync(JournalLog log)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = "copy", Topics = [Input] });
        await using var producer = await log.OpenTransactionalProducerAsync("copy", new ProducerOptions(), default);
        while (true)
        {
            var records = await consumer.PollAsync(500, TimeSpan.FromSeconds(1), default);
            if (records.Count == 0)
            {
                continue;
            }

            producer.BeginTransaction();
            var offsets = new Dictionary<TopicPartition, CommittedOffset>();
            foreach (var record in records)
            {
                producer.TryAppend(
                    new NewRecord
                    {
                        Topic = Output, Partition = record.Partition, Value = record.Value.Span, TimestampMs = record.TimestampMs,
                    },
                    null,
                    0).ShouldBeTrue();
                offsets[new TopicPartition(Input, record.Partition)] = new CommittedOffset(record.Offset + 1);
            }

            await producer.SendOffsetsAsync(offsets, consumer, default);
            await producer.CommitTransactionAsync(default);
        }
    }
}
