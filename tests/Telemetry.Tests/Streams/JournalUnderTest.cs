using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>A journal on a <see cref="SimulatedDisk"/>, with one client of each kind; every call must be answered.</summary>
internal sealed class JournalUnderTest(int seed) : IAsyncDisposable
{
    public const int Partitions = 2;
    public const string Plain = "plain";
    public const string Compacted = "compacted";

    private const string Group = "g";
    private const string Directory = "/log";

    /// <summary>The partition that offsets are committed of.</summary>
    public static readonly TopicPartition OffsetsOf = new(Plain, 0);

    // Only a call that is never answered takes this long.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private JournalLog? _log;

    public ManualTime Time { get; } = new();

    public SimulatedDisk Disk { get; private set; } = null!;

    public IRecordProducer Producer { get; private set; } = null!;

    public ITransactionalProducer Transactional { get; private set; } = null!;

    public IRecordConsumer Member { get; private set; } = null!;

    /// <summary>True: it has to be started again.</summary>
    public bool HasFailed => _log!.Failed.IsCompleted;

    public async ValueTask DisposeAsync()
    {
        if (_log is not null)
        {
            await CloseAsync();
        }
    }

    /// <summary>Starts on what the disk holds.</summary>
    public async Task OpenAsync()
    {
        Disk ??= new SimulatedDisk(new Random(seed), Time);
        _log = JournalLog.Open(
            new JournalOptions
            {
                Directory = Directory,
                CommitInterval = TimeSpan.Zero,
                FreeBytesMin = 1,
                MaintenanceInterval = TimeSpan.Zero,
                SegmentBytes = 4096,
                CompactedSegmentBytes = 4096,
                CommitFileBytes = 4096,
                ReadBytes = 4096,
            },
            NullLoggerFactory.Instance,
            Time,
            Disk);
        await _log.EnsureTopicsAsync(
            [new TopicSpec(Plain, Partitions), new TopicSpec(Compacted, Partitions, Compacted: true)], default);
        Producer = _log.CreateProducer(new ProducerOptions());
        Transactional = await _log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        Member = _log.CreateConsumer(new ConsumerOptions { Group = Group });
        Member.Assign([OffsetsOf]);
    }

    public async Task CloseAsync()
    {
        await Answered(_log!.DisposeAsync().AsTask(), "closing the log");
        _log = null;
    }

    /// <summary>The disk works again, and may be what a power failure has left of it.</summary>
    /// <param name="survivor">Its state at the crash; null: it goes on as it is.</param>
    public void Mend(SimulatedDisk? survivor = null)
    {
        Disk.Disarm();
        Disk.Full = false;
        Disk = survivor ?? Disk;
    }

    /// <summary>A producer of the same id fences the former one; false: the log has failed.</summary>
    public async Task<bool> TryOpenTransactionalAsync()
    {
        try
        {
            Transactional = await Answered(
                _log!.OpenTransactionalProducerAsync("id", new ProducerOptions(), default).AsTask(), "opening a producer");
            return true;
        }
        catch (RecordLogException error) when (error.Error is RecordLogError.WriteFailed)
        {
            await FailedAsync();
            return false;
        }
    }

    /// <summary>Waits until it is known that the log has failed: calls are answered a moment before.</summary>
    public Task FailedAsync() => Answered(_log!.Failed, "the failure of the log");

    public async Task MaintainAsync(bool compact)
    {
        try
        {
            await Answered(compact ? _log!.CompactAsync(default) : _log!.MaintainAsync(default), "maintenance");
        }
        catch (Exception error) when (error is RecordLogException { Error: not RecordLogError.Damaged } or IOException
            or UnauthorizedAccessException or AggregateException)
        {
            // Tried again later, unless the log has failed.
            if (error is RecordLogException { Error: RecordLogError.WriteFailed } && Failing())
            {
                await FailedAsync();
            }
        }
    }

    public async Task<CommittedOffset?> CommittedAsync()
    {
        var committed = await _log!.QueryCommittedAsync(Group, [OffsetsOf], default);
        return committed.TryGetValue(OffsetsOf, out var offset) ? offset : null;
    }

    public async Task<List<Seen>> ReadAsync(string topic)
    {
        await using var consumer = _log!.CreateConsumer(new ConsumerOptions());
        consumer.Assign([.. Enumerable.Range(0, Partitions).Select(partition => new TopicPartition(topic, partition))]);
        var read = new List<Seen>();
        while (await consumer.PollAsync(1000, TimeSpan.Zero, default) is { Count: > 0 } records)
        {
            read.AddRange(records.Select(record => new Seen(
                record.Partition, record.Offset, Encoding.UTF8.GetString(record.Key.Span), Encoding.UTF8.GetString(record.Value.Span))));
        }

        foreach (var partition in read.GroupBy(seen => seen.Partition))
        {
            partition.Zip(partition.Skip(1)).ShouldAllBe(pair => pair.First.Offset < pair.Second.Offset);
        }

        return read;
    }

    public static async Task Answered(Task call, string what)
    {
        if (await Task.WhenAny(call, Task.Delay(Patience)) != call)
        {
            throw new NeverAnsweredException($"{what} was never answered");
        }

        await call;
    }

    public static async Task<T> Answered<T>(Task<T> call, string what)
    {
        await Answered((Task)call, what);
        return await call;
    }

    private bool Failing()
    {
        try
        {
            _log!.Writer.ThrowIfUnusable();
            return false;
        }
        catch (RecordLogException)
        {
            return true;
        }
    }
}

/// <summary>A call to the log hangs.</summary>
internal sealed class NeverAnsweredException(string message) : Exception(message);
