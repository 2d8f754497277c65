using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Benchmarks.Kafka;

/// <summary>
/// Compression x linger x batch against a running cluster: records a second at full speed with this process's CPU, and time
/// to acknowledgement at a steady 5,000 records/s. One topic of 12 partitions, 1,000 keys.
/// </summary>
internal static class KafkaProducerSpeed
{
    private const int Partitions = 12;
    private const int SteadyRate = 5_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(2);

    public static async Task PrintAsync(TextWriter to, string bootstrapServers)
    {
        to.WriteLine("| bytes | compression | linger ms | batch KiB | records/s | CPU us/record | p50 ms full | p99 ms full | p50 ms at 5k/s | p99 ms at 5k/s |");
        to.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        var topic = $"bench-{Guid.NewGuid():N}";
        foreach (var bytes in new[] { 80, 700 })
        {
            foreach (var compression in new[] { KafkaCompression.None, KafkaCompression.Lz4, KafkaCompression.Zstd })
            {
                foreach (var (linger, batch) in new[] { (0, 512), (2, 512), (5, 128), (5, 512), (20, 1000) })
                {
                    await MeasureAsync(to, topic, bytes, new KafkaOptions
                    {
                        BootstrapServers = bootstrapServers,
                        Compression = compression,
                        Linger = TimeSpan.FromMilliseconds(linger),
                        BatchBytes = batch << 10,
                    });
                }
            }
        }
    }

    private static async Task MeasureAsync(TextWriter to, string topic, int bytes, KafkaOptions options)
    {
        await using var log = KafkaLog.Open(options, NullLoggerFactory.Instance, TimeProvider.System);
        await log.EnsureTopicsAsync([new TopicSpec(topic, Partitions, RetentionBytes: 64 << 20)], default);
        await using var producer = log.CreateProducer(new ProducerOptions { InFlightBytesMax = 32 << 20 });
        await RunAsync(producer, topic, bytes, TimeSpan.FromSeconds(0.5), int.MaxValue);

        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        var full = await RunAsync(producer, topic, bytes, Duration, int.MaxValue);
        var elapsed = Stopwatch.GetElapsedTime(started);
        cpu = Process.GetCurrentProcess().TotalProcessorTime - cpu;
        var steady = await RunAsync(producer, topic, bytes, Duration, SteadyRate);
        var (fullMs, steadyMs) = (new Percentiles(full.Ms), new Percentiles(steady.Ms));
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {bytes} | {options.Compression} | {options.Linger.TotalMilliseconds} | {options.BatchBytes >> 10} | {full.Count / elapsed.TotalSeconds:0} "
            + $"| {cpu.TotalMicroseconds / full.Count:0.0} | {fullMs.Format(50)} | {fullMs.Format(99)} "
            + $"| {steadyMs.Format(50)} | {steadyMs.Format(99)} |"));
    }

    private static async Task<Latencies> RunAsync(IRecordProducer producer, string topic, int bytes, TimeSpan duration, int rate)
    {
        var random = new Random(7);
        var values = Enumerable.Range(0, 256).Select(_ => Payload(random, bytes)).ToArray();
        var keys = Enumerable.Range(0, 1000).Select(i => System.Text.Encoding.ASCII.GetBytes($"sim-{i:000000}")).ToArray();
        var latencies = new Latencies();
        var started = Stopwatch.GetTimestamp();
        for (var n = 0; Stopwatch.GetElapsedTime(started) < duration; n++)
        {
            if (n % 50 == 0 && rate != int.MaxValue)
            {
                var ahead = TimeSpan.FromSeconds((double)n / rate) - Stopwatch.GetElapsedTime(started);
                if (ahead > TimeSpan.Zero)
                {
                    await Task.Delay(ahead);
                }
            }

            while (!producer.TryAppend(
                new NewRecord { Topic = topic, Key = keys[n % 1000], Value = values[n & 255], TimestampMs = 1_700_000_000_000 + n },
                latencies, (ulong)Stopwatch.GetTimestamp()))
            {
                await producer.WaitForCapacityAsync(default);
            }
        }

        await producer.FlushAsync(default);
        return latencies;
    }

    /// <summary>As compressible as readings: names and high bytes repeat, low bytes of values do not.</summary>
    private static byte[] Payload(Random random, int bytes)
    {
        var payload = new byte[bytes];
        for (var i = 0; i < bytes; i++)
        {
            payload[i] = i % 8 < 3 ? (byte)random.Next(256) : (byte)("temperature"[i % 11]);
        }

        return payload;
    }

    /// <summary>Acknowledgement times; from one thread at a time.</summary>
    private sealed class Latencies : IAppendCompletion
    {
        private readonly List<double> _ms = new(1 << 20);

        public int Count => _ms.Count;

        public IEnumerable<double> Ms => _ms;

        public void Appended(long offset, RecordLogException? error, ulong state) => _ms.Add(
            error is null ? Stopwatch.GetElapsedTime((long)state).TotalMilliseconds : throw error);
    }
}
