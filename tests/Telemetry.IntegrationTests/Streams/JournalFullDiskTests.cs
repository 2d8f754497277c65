using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.IntegrationTests.Streams;

/// <summary>A real file system of 4 MiB that fills up.</summary>
public sealed class JournalFullDiskTests : IDisposable
{
    private readonly string _mount = Directory.CreateTempSubdirectory("journal-disk-").FullName;
    private bool _mounted;

    public void Dispose()
    {
        if (_mounted)
        {
            Run("umount", _mount);
        }

        Directory.Delete(_mount, recursive: true);
    }

    [Fact]
    public async Task Full_file_system_fails_appends_loses_nothing_and_goes_on_when_space_returns()
    {
        _mounted = OperatingSystem.IsLinux() && Run("mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", _mount);
        if (!_mounted)
        {
            Assert.Skip("A file system cannot be mounted here (needs Linux and root).");
        }

        var ballast = Path.Combine(_mount, "ballast");
        await File.WriteAllBytesAsync(ballast, new byte[2 << 20], TestContext.Current.CancellationToken);
        var options = new JournalOptions { Directory = Path.Combine(_mount, "log"), SegmentBytes = 256 << 10, FreeBytesMin = 0 };
        var acknowledged = new List<long>();
        await using (var log = JournalLog.Open(options, NullLoggerFactory.Instance, TimeProvider.System))
        {
            await log.EnsureTopicsAsync([new TopicSpec("t", 1)], TestContext.Current.CancellationToken);
            await using var producer = log.CreateProducer(new ProducerOptions());
            await FillAsync(producer, acknowledged);
            acknowledged.Count.ShouldBeGreaterThan(1_000);
            (await CountAsync(log)).ShouldBe(acknowledged.Count);

            File.Delete(ballast);
            var before = acknowledged.Count;
            await FillAsync(producer, acknowledged);
            acknowledged.Count.ShouldBeGreaterThan(before + 1_000);
        }

        Should.Throw<RecordLogException>(() => JournalLog.Open(options, NullLoggerFactory.Instance, TimeProvider.System))
            .Error.ShouldBe(RecordLogError.DiskFull);
        Run("mount", "-o", "remount,size=8m", _mount).ShouldBeTrue();
        await using var again = JournalLog.Open(options, NullLoggerFactory.Instance, TimeProvider.System);
        (await CountAsync(again)).ShouldBe(acknowledged.Count);
        again.Verify();
    }

    // Appends a kilobyte at a time until the disk is full, and some more.
    private static async Task FillAsync(IRecordProducer producer, List<long> acknowledged)
    {
        for (var failures = 0; failures < 20;)
        {
            var result = new Result();
            producer.TryAppend(new NewRecord { Topic = "t", Value = new byte[1000], TimestampMs = 1 }, result, 0).ShouldBeTrue();
            try
            {
                acknowledged.Add(await result.Task.WaitAsync(TimeSpan.FromSeconds(30)));
            }
            catch (RecordLogException error)
            {
                (error.Error, error.IsTransient).ShouldBe((RecordLogError.DiskFull, true));
                failures++;
            }
        }
    }

    private static async Task<int> CountAsync(JournalLog log)
    {
        await using var consumer = log.CreateConsumer(new ConsumerOptions());
        consumer.Assign([new TopicPartition("t", 0)]);
        var count = 0;
        while (await consumer.PollAsync(1000, TimeSpan.Zero, TestContext.Current.CancellationToken) is { Count: > 0 } records)
        {
            count += records.Count;
        }

        return count;
    }

    private static bool Run(string command, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true });
            process!.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            // No such command here; the test is skipped by name.
            return false;
        }
    }

    private sealed class Result : IAppendCompletion
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
}
