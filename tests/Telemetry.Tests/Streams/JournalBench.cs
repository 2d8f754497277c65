using System.Text;
using Microsoft.Extensions.Logging;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.Journal.Files;

namespace Telemetry.Tests.Streams;

/// <summary>A directory for journals, with everything a test does to one: open, append, crash, look.</summary>
internal sealed class JournalBench : IDisposable
{
    public const string Topic = "t";

    public string Directory { get; } = System.IO.Directory.CreateTempSubdirectory("journal-").FullName;

    public ManualTime Time { get; } = new();

    public CollectedLog Logged { get; } = new();

    public JournalOptions Options => new()
    {
        Directory = Path.Combine(Directory, "log"),
        CommitInterval = TimeSpan.Zero,
        FreeBytesMin = 0,
        MaintenanceInterval = TimeSpan.Zero,
    };

    public string TopicDirectory => TopicDirectoryIn(Options.Directory);

    public static string TopicDirectoryIn(string logDirectory) => Path.Combine(logDirectory, "topics", Topic);

    internal JournalLog Open(JournalOptions? options = null, IJournalFiles? files = null, TimeProvider? time = null) =>
        JournalLog.Open(options ?? Options, Logged, time ?? Time, files ?? SystemFiles.Instance);

    /// <summary>A copy of the files as they are now: what another process would find if this one ended here.</summary>
    public string Crash()
    {
        var copy = Path.Combine(Directory, Guid.NewGuid().ToString("N"));
        Copy(Options.Directory, copy);
        return copy;
    }

    public static void Copy(string from, string to)
    {
        System.IO.Directory.CreateDirectory(to);
        foreach (var file in System.IO.Directory.EnumerateFiles(from).Where(file => Path.GetFileName(file) != "LOCK"))
        {
            File.Copy(file, Path.Combine(to, Path.GetFileName(file)));
        }

        foreach (var directory in System.IO.Directory.EnumerateDirectories(from))
        {
            Copy(directory, Path.Combine(to, Path.GetFileName(directory)));
        }
    }

    public static async Task<long> AppendAsync(
        IRecordProducer producer, string key, string value, int? partition = null, long timestampMs = 1, string topic = Topic)
    {
        var done = new AppendResult();
        producer.TryAppend(
            new NewRecord
            {
                Topic = topic,
                Partition = partition,
                Key = Encoding.UTF8.GetBytes(key),
                Value = Encoding.UTF8.GetBytes(value),
                TimestampMs = timestampMs,
            },
            done,
            0).ShouldBeTrue();
        return await done.Task.WaitAsync(TimeSpan.FromSeconds(30));
    }

    /// <summary>Values of a topic in the order they come, read_committed.</summary>
    public static async Task<List<string>> ReadAsync(IRecordLog log, string topic = Topic, bool readCommitted = true) =>
        [.. (await ReadRecordsAsync(log, topic, readCommitted)).Select(record => record.Value)];

    public static async Task<List<(int Partition, long Offset, string Key, string Value)>> ReadRecordsAsync(
        IRecordLog log, string topic = Topic, bool readCommitted = true)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions { ReadCommitted = readCommitted });
        var partitions = await log.QueryPartitionCountAsync(topic, default);
        consumer.Assign([.. Enumerable.Range(0, partitions).Select(partition => new TopicPartition(topic, partition))]);
        var read = new List<(int, long, string, string)>();
        while (await consumer.PollAsync(1000, TimeSpan.Zero, default) is { Count: > 0 } records)
        {
            read.AddRange(records.Select(record => (
                record.Partition, record.Offset, Encoding.UTF8.GetString(record.Key.Span), Encoding.UTF8.GetString(record.Value.Span))));
        }

        return read;
    }

    public void Dispose() => System.IO.Directory.Delete(Directory, recursive: true);
}

/// <summary>A completion as a task.</summary>
internal sealed class AppendResult : IAppendCompletion
{
    private readonly TaskCompletionSource<long> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task<long> Task => _done.Task;

    public void Appended(long offset, RecordLogException? error, ulong state)
    {
        if (error is null)
        {
            _done.SetResult(offset);
        }
        else
        {
            _done.SetException(error);
        }
    }
}

/// <summary>A clock that stands until it is moved.</summary>
internal sealed class ManualTime : TimeProvider
{
    private DateTimeOffset _now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override DateTimeOffset GetUtcNow() => _now;

    public override long GetTimestamp() => _now.Ticks;

    public void Advance(TimeSpan by) => _now += by;
}

/// <summary>Keeps what was logged.</summary>
internal sealed class CollectedLog : ILoggerFactory, ILogger
{
    private readonly List<string> _lines = [];

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_lines)
            {
                return [.. _lines];
            }
        }
    }

    public void Clear()
    {
        lock (_lines)
        {
            _lines.Clear();
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lines)
        {
            _lines.Add(formatter(state, exception));
        }
    }

    public void Dispose() => Clear();
}
