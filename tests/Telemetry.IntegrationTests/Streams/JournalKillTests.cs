using System.Buffers.Binary;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Streams;

/// <summary>The process is killed under load, again and again, on the same files.</summary>
public sealed class JournalKillTests : IDisposable
{
    private const string ChildDirectory = "TELEMETRY_JOURNAL_CHILD";
    private const int Rounds = 12;
    private const int Seed = 20260101;

    private readonly string _directory = Directory.CreateTempSubdirectory("journal-kill-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    /// <summary>Runs in the process that is killed; started only by the test below.</summary>
    [Fact(Explicit = true)]
    public async Task Child()
    {
        if (Environment.GetEnvironmentVariable(ChildDirectory) is { } directory)
        {
            using var child = new JournalKillChild(directory);
            await child.RunAsync();
        }
    }

    [Fact]
    public async Task Killed_under_load_it_loses_nothing_acknowledged_and_doubles_nothing_in_transactions()
    {
        var random = new Random(Seed);
        for (var round = 0; round < Rounds; round++)
        {
            await RunAndKillAsync(random.Next(1, 400));
            await CheckAsync();
        }
    }

    [Fact]
    public async Task Log_open_in_another_process_is_refused_with_its_path()
    {
        using var child = StartChild();
        try
        {
            await WaitForAcknowledgedAsync(child, 1);
            var error = Should.Throw<RecordLogException>(() => JournalLog.Open(
                JournalKillChild.OptionsIn(_directory), NullLoggerFactory.Instance, TimeProvider.System));
            error.Error.ShouldBe(RecordLogError.Locked);
            error.Message.ShouldContain(Path.Combine(_directory, "log"));
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private async Task RunAndKillAsync(int milliseconds)
    {
        var before = Acknowledged().Count;
        using var child = StartChild();
        try
        {
            await WaitForAcknowledgedAsync(child, before + 100);

            // The moment of the kill is the one thing here that must not be orderly.
            await Task.Delay(milliseconds, TestContext.Current.CancellationToken);
        }
        finally
        {
            child.Kill();
            await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    private Process StartChild()
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                typeof(JournalKillTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(JournalKillTests)}.{nameof(Child)}",
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[ChildDirectory] = _directory;
        var child = Process.Start(start)!;
        child.BeginOutputReadLine();
        child.BeginErrorReadLine();
        return child;
    }

    private async Task WaitForAcknowledgedAsync(Process child, int count)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        while (Acknowledged().Count < count)
        {
            child.HasExited.ShouldBeFalse("the child ended by itself");
            await Task.Delay(10, deadline.Token);
        }
    }

    private async Task CheckAsync()
    {
        var acknowledged = Acknowledged();
        await using var log = JournalLog.Open(
            JournalKillChild.OptionsIn(_directory), NullLoggerFactory.Instance, TimeProvider.System);
        log.Verify();
        var input = await ReadAsync(log, JournalKillChild.Input);
        var output = await ReadAsync(log, JournalKillChild.Output);
        var partitions = Enumerable.Range(0, JournalKillChild.Partitions)
            .Select(partition => new TopicPartition(JournalKillChild.Input, partition)).ToList();
        var committed = await log.QueryCommittedAsync("copy", partitions, TestContext.Current.CancellationToken);

        var present = input.SelectMany(partition => partition).Select(record => record.Value).ToList();
        present.Count.ShouldBe(present.Distinct().Count());
        acknowledged.Except(present).Count().ShouldBe(0, "acknowledged and not there");
        for (var i = 0; i < partitions.Count; i++)
        {
            // What the copy has committed, it has written, each once and in order; and nothing else.
            var through = committed.TryGetValue(partitions[i], out var offset) ? offset.Offset : 0;
            output[i].Select(record => record.Value).ShouldBe(
                input[i].Where(record => record.Offset < through).Select(record => record.Value));
        }
    }

    private static async Task<List<(long Offset, ulong Value)>[]> ReadAsync(JournalLog log, string topic)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        var read = Enumerable.Range(0, JournalKillChild.Partitions).Select(_ => new List<(long, ulong)>()).ToArray();
        consumer.Assign([.. Enumerable.Range(0, read.Length).Select(partition => new TopicPartition(topic, partition))]);
        while (await consumer.PollAsync(10_000, TimeSpan.Zero, TestContext.Current.CancellationToken) is { Count: > 0 } records)
        {
            foreach (var record in records)
            {
                read[record.Partition].Add((record.Offset, BinaryPrimitives.ReadUInt64LittleEndian(record.Value.Span)));
            }
        }

        return read;
    }

    private List<ulong> Acknowledged()
    {
        var path = JournalKillChild.AcknowledgedIn(_directory);
        if (!File.Exists(path))
        {
            return [];
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var bytes = new byte[file.Length / sizeof(ulong) * sizeof(ulong)];
        file.ReadExactly(bytes);
        var values = new List<ulong>(bytes.Length / sizeof(ulong));
        for (var at = 0; at < bytes.Length; at += sizeof(ulong))
        {
            values.Add(BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(at)));
        }

        return values;
    }
}
