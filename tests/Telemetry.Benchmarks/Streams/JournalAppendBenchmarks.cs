using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Benchmarks.Streams;

/// <summary>Appends of 100 bytes (12 key, 88 value), durable, with a bounded number in flight.</summary>
[MemoryDiagnoser]
public class JournalAppendBenchmarks : IAppendCompletion, IDisposable
{
    private const int Records = 65_536;

    private readonly byte[] _value = new byte[88];
    private readonly byte[][] _keys = [.. Enumerable.Range(0, 10_000).Select(i => System.Text.Encoding.ASCII.GetBytes($"device-{i:D5}"))];
    private string _directory = "";
    private JournalLog _log = null!;
    private IRecordProducer _producer = null!;
    private SemaphoreSlim _inFlight = null!;

    [Params(64, 4_096, 65_536)]
    public int InFlight { get; set; }

    [GlobalSetup]
    public async Task SetupAsync()
    {
        _directory = Directory.CreateTempSubdirectory("journal-bench-").FullName;
        _log = JournalLog.Open(
            new JournalOptions { Directory = _directory, CommitInterval = TimeSpan.Zero }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync([new TopicSpec("readings", 8, RetentionBytes: 64 << 20)], default);
        _producer = _log.CreateProducer(new ProducerOptions());
        _inFlight = new SemaphoreSlim(InFlight, InFlight);
    }

    [GlobalCleanup]
    public async Task CleanupAsync()
    {
        await _producer.DisposeAsync();
        await _log.DisposeAsync();
        Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(OperationsPerInvoke = Records)]
    public async Task AppendDurably()
    {
        for (var i = 0; i < Records; i++)
        {
            await _inFlight.WaitAsync();
            while (!_producer.TryAppend(
                new NewRecord { Topic = "readings", Key = _keys[i % _keys.Length], Value = _value, TimestampMs = i }, this, 0))
            {
                await _producer.WaitForCapacityAsync(default);
            }
        }

        await _producer.FlushAsync(default);
    }

    public void Dispose()
    {
        _inFlight.Dispose();
        GC.SuppressFinalize(this);
    }

    public void Appended(long offset, RecordLogException? error, ulong state) => _inFlight.Release();
}
