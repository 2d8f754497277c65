using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Kafka;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Benchmarks.Kafka;

/// <summary>
/// What transactions add to the way of a record: read from one topic, written to another and its offset committed, at a
/// steady 5,000 records/s. Two readers watch the second topic, one behind the transactions (read_committed) and one that does
/// not wait for them; the difference of their times for the same records is what transactions add.
/// </summary>
internal static class KafkaTransactionLatency
{
    private const int Partitions = 4;
    private const int Rate = 5_000;
    private static readonly TimeSpan Duration = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan WarmUp = TimeSpan.FromSeconds(2);

    public static async Task PrintAsync(TextWriter to, string bootstrapServers)
    {
        to.WriteLine("| commit every ms | records | seen at once p50 / p95 ms | behind transactions p50 / p95 ms | added p50 / p95 ms | the commit itself p50 / p95 ms |");
        to.WriteLine("|---|---|---|---|---|---|");
        foreach (var interval in new[] { 0, 25, 100, 250, 500 })
        {
            await MeasureAsync(to, bootstrapServers, TimeSpan.FromMilliseconds(interval));
        }
    }

    /// <param name="to">Gets a line of the table.</param>
    /// <param name="bootstrapServers">The cluster.</param>
    /// <param name="interval">Time between commits; zero: no transactions, offsets committed every 100 ms.</param>
    private static async Task MeasureAsync(TextWriter to, string bootstrapServers, TimeSpan interval)
    {
        await using var log = KafkaLog.Open(
            new KafkaOptions { BootstrapServers = bootstrapServers }, NullLoggerFactory.Instance, TimeProvider.System);
        var run = Guid.NewGuid().ToString("N");
        var (input, output) = ($"bench-in-{run}", $"bench-out-{run}");
        await log.EnsureTopicsAsync([new TopicSpec(input, Partitions), new TopicSpec(output, Partitions)], default);
        using var stop = new CancellationTokenSource();
        var commits = new List<double>();
        var atOnce = new Dictionary<(int, long), double>();
        var committed = new Dictionary<(int, long), double>();
        Task[] tasks =
        [
            Task.Run(() => CopyAsync(log, run, input, output, interval, commits, stop.Token)),
            Task.Run(() => WatchAsync(log, output, readCommitted: false, atOnce, stop.Token)),
            Task.Run(() => WatchAsync(log, output, readCommitted: true, committed, stop.Token)),
        ];
        await ProduceAsync(log, input);
        await Task.Delay(TimeSpan.FromSeconds(2));
        await stop.CancelAsync();
        await Task.WhenAll(tasks);

        var seen = committed.Keys.Where(atOnce.ContainsKey).ToList();
        to.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"| {(interval == TimeSpan.Zero ? "no transactions" : interval.TotalMilliseconds)} | {seen.Count} "
            + $"| {Pair(seen.Select(id => atOnce[id]))} | {Pair(seen.Select(id => committed[id]))} "
            + $"| {Pair(seen.Select(id => committed[id] - atOnce[id]))} | {Pair(commits)} |"));
    }

    private static async Task ProduceAsync(KafkaLog log, string topic)
    {
        await using var producer = log.CreateProducer(new ProducerOptions());
        var started = Stopwatch.GetTimestamp();
        for (var n = 0; Stopwatch.GetElapsedTime(started) < Duration + WarmUp; n++)
        {
            var ahead = TimeSpan.FromSeconds((double)n / Rate) - Stopwatch.GetElapsedTime(started);
            if (ahead > TimeSpan.Zero)
            {
                await Task.Delay(ahead);
            }

            // The first two seconds are not counted: connections, groups and code are cold.
            var stamp = Stopwatch.GetElapsedTime(started) < WarmUp ? 0 : Stopwatch.GetTimestamp();
            while (!producer.TryAppend(
                new NewRecord { Topic = topic, Partition = n % Partitions, Value = BitConverter.GetBytes(stamp), TimestampMs = 1 }, null, 0))
            {
                await producer.WaitForCapacityAsync(default);
            }
        }

        await producer.FlushAsync(default);
    }

    private static async Task CopyAsync(
        KafkaLog log, string run, string input, string output, TimeSpan interval, List<double> commits, CancellationToken stop)
    {
        var transactional = interval > TimeSpan.Zero ? await log.OpenTransactionalProducerAsync(run, new ProducerOptions(), stop) : null;
        await using var producer = transactional ?? log.CreateProducer(new ProducerOptions());
        await using var consumer = log.CreateConsumer(new ConsumerOptions { Group = run, Topics = [input] });
        var every = interval > TimeSpan.Zero ? interval : TimeSpan.FromMilliseconds(100);
        var offsets = new Dictionary<TopicPartition, CommittedOffset>();
        var committed = Stopwatch.GetTimestamp();
        try
        {
            while (true)
            {
                var left = every - Stopwatch.GetElapsedTime(committed);
                foreach (var record in await consumer.PollAsync(1_000, left > TimeSpan.Zero ? left : TimeSpan.Zero, stop))
                {
                    if (offsets.Count == 0)
                    {
                        transactional?.BeginTransaction();
                    }

                    offsets[new TopicPartition(input, record.Partition)] = new CommittedOffset(record.Offset + 1);
                    while (!producer.TryAppend(
                        new NewRecord { Topic = output, Partition = record.Partition, Value = record.Value.Span, TimestampMs = 1 }, null, 0))
                    {
                        await producer.WaitForCapacityAsync(stop);
                    }
                }

                if (Stopwatch.GetElapsedTime(committed) < every)
                {
                    continue;
                }

                committed = Stopwatch.GetTimestamp();
                if (offsets.Count == 0)
                {
                    continue;
                }

                if (transactional is not null)
                {
                    await transactional.SendOffsetsAsync(offsets, consumer, stop);
                    await transactional.CommitTransactionAsync(stop);
                }
                else
                {
                    await producer.FlushAsync(stop);
                    await consumer.CommitAsync(offsets, stop);
                }

                commits.Add(Stopwatch.GetElapsedTime(committed).TotalMilliseconds);
                offsets.Clear();
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    private static async Task WatchAsync(
        KafkaLog log, string topic, bool readCommitted, Dictionary<(int, long), double> seen, CancellationToken stop)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions { ReadCommitted = readCommitted });
        consumer.Assign([.. Enumerable.Range(0, Partitions).Select(p => new TopicPartition(topic, p))]);
        try
        {
            while (true)
            {
                foreach (var record in await consumer.PollAsync(1_000, TimeSpan.FromSeconds(1), stop))
                {
                    var stamp = BitConverter.ToInt64(record.Value.Span);
                    if (stamp != 0)
                    {
                        seen.Add((record.Partition, record.Offset), Stopwatch.GetElapsedTime(stamp).TotalMilliseconds);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return;
        }
    }

    private static string Pair(IEnumerable<double> ms)
    {
        var percentiles = new Percentiles(ms);
        return $"{percentiles.Format(50)} / {percentiles.Format(95)}";
    }
}
