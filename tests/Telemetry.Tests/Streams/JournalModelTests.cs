using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Streams;

/// <summary>Random histories against a list of what must be there.</summary>
public sealed class JournalModelTests
{
    private const int Partitions = 3;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, 15)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Any_history_of_appends_transactions_maintenance_and_crashes_reads_back_as_it_was_acknowledged(int seed)
    {
        var random = new Random(seed);
        using var bench = new JournalBench();
        var options = bench.Options with { SegmentBytes = 4096, CommitFileBytes = 4096, ReadBytes = 4096 };
        var model = Enumerable.Range(0, Partitions).Select(_ => new List<string>()).ToArray();
        var log = bench.Open(options);
        await log.EnsureTopicsAsync([new TopicSpec(JournalBench.Topic, Partitions)], default);
        for (var step = 0; step < 60; step++)
        {
            switch (random.Next(10))
            {
                case < 5:
                    await AppendAsync(log, random, model, $"{step}");
                    break;
                case < 8:
                    await TransactAsync(log, random, model, $"{step}");
                    break;
                case 8:
                    // What another process finds if this one ends here.
                    var copy = Path.Combine(bench.Directory, $"{step}");
                    JournalBench.Copy(options.Directory, copy);
                    await log.DisposeAsync();
                    options = options with { Directory = copy };
                    log = bench.Open(options);
                    break;
                default:
                    await log.MaintainAsync(default);
                    break;
            }
        }

        var read = Enumerable.Range(0, Partitions).Select(_ => new List<string>()).ToArray();
        (await JournalBench.ReadRecordsAsync(log)).ForEach(record => read[record.Partition].Add(record.Value));
        await log.DisposeAsync();
        for (var partition = 0; partition < Partitions; partition++)
        {
            read[partition].Count.ShouldBe(model[partition].Count);
            read[partition].Zip(model[partition]).FirstOrDefault(pair => pair.First != pair.Second).ShouldBe(default);
        }
    }

    private static async Task AppendAsync(JournalLog log, Random random, List<string>[] model, string name)
    {
        await using var producer = log.CreateProducer(new ProducerOptions());
        for (var i = random.Next(1, 30); i > 0; i--)
        {
            var partition = random.Next(Partitions);
            var value = $"{name}.{i}" + new string('.', random.Next(200));
            _ = JournalBench.AppendAsync(producer, "k", value, partition);
            model[partition].Add(value);
        }

        await producer.FlushAsync(default);
    }

    private static async Task TransactAsync(JournalLog log, Random random, List<string>[] model, string name)
    {
        await using var producer = await log.OpenTransactionalProducerAsync("id", new ProducerOptions(), default);
        producer.BeginTransaction();
        var appended = new List<(int Partition, string Value)>();
        for (var i = random.Next(1, 10); i > 0; i--)
        {
            appended.Add((random.Next(Partitions), $"{name}.{i}"));
            _ = JournalBench.AppendAsync(producer, "k", appended[^1].Value, appended[^1].Partition);
        }

        switch (random.Next(3))
        {
            case 0:
                await producer.AbortTransactionAsync(default);
                break;
            case 1:
                // Left open: closing the producer, or the crash, aborts it.
                await producer.FlushAsync(default);
                break;
            default:
                await producer.CommitTransactionAsync(default);
                appended.ForEach(entry => model[entry.Partition].Add(entry.Value));
                break;
        }
    }
}
