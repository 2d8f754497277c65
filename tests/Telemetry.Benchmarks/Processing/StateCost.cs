using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Telemetry.Contracts;
using Telemetry.Processing;
using Telemetry.Processing.Pipeline;
using Telemetry.Simulator.Machines;
using Telemetry.Streams;
using Telemetry.Streams.Journal;
using Telemetry.Streams.State;

namespace Telemetry.Benchmarks.Processing;

/// <summary>
/// What the state of processing costs: bytes written beside the bytes of the log, bytes on the topic after compaction, memory a series, the time
/// from a start after a kill until every partition is restored, and how long half of the partitions stand still when a second member joins. The
/// log is filled with a simulated fleet first.
/// </summary>
internal sealed class StateCost(TextWriter to, ProcessingOptions options)
{
    private static readonly TimeSpan Generous = TimeSpan.FromMinutes(20);

    /// <summary>Fills, processes, kills and starts again; prints a line for each.</summary>
    /// <param name="to">Where the lines go.</param>
    /// <param name="devices">Devices of nine sensors.</param>
    /// <param name="minutes">Length of the log, at a reading of each device every 3.6 s.</param>
    /// <param name="share">
    /// State bytes a byte of input. The log passes faster than its own time here, so this alone sets the pace; live, the cycle does as well.
    /// </param>
    /// <param name="kept">
    /// A directory that stays: the first run fills it and starts after the kill; each later one only starts again, with little to replay, because the one before
    /// ended in order. Null: one that goes at the end.
    /// </param>
    public static async Task PrintAsync(TextWriter to, int devices, double minutes, double share, string? kept = null)
    {
        var cost = new StateCost(to, new ProcessingOptions { State = new KeyedStateOptions { SnapshotShare = share } });
        if (kept is not null)
        {
            if (!Directory.Exists(kept))
            {
                Directory.CreateDirectory(kept);
                await cost.FillAsync(kept, new FleetPlan { Devices = devices, Span = TimeSpan.FromMinutes(minutes) });
                await cost.ProcessAsync(kept);
            }

            await cost.RestartAsync(kept, rebalance: false);
            return;
        }

        var directory = Directory.CreateTempSubdirectory("telemetry-state-cost-").FullName;
        try
        {
            var plan = new FleetPlan { Devices = devices, Span = TimeSpan.FromMinutes(minutes) };
            await cost.FillAsync(directory, plan);
            await cost.ProcessAsync(directory);
            await cost.RestartAsync(directory);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    private async Task FillAsync(string directory, FleetPlan plan)
    {
        await using var log = Open(directory);
        var watch = Stopwatch.StartNew();
        var records = await FleetLog.FillAsync(log, plan);
        to.WriteLine(Text($"filled: {records:N0} records, {Bytes(directory, LogTopics.Readings) / 1e6:N1} MB of log, in {watch.Elapsed.TotalSeconds:N1} s"));
    }

    /// <summary>Ends without a commit, as a killed process does.</summary>
    private async Task ProcessAsync(string directory)
    {
        await using var log = Open(directory);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        var processor = new ReadingProcessor(log, options, new LineLoggers(to), TimeProvider.System);
        await processor.StartAsync(CancellationToken.None);
        await UntilAsync(processor, async () => (await log.QueryLagAsync(options.Group, LogTopics.Readings, CancellationToken.None)).All(static lag => lag.Records == 0));
        var (elapsed, used) = (watch.Elapsed, Environment.CpuUsage.TotalTime - cpu);
        var partitions = processor.Partitions.ToList();
        var series = partitions.Sum(static p => p.Series);
        var after = GC.GetTotalMemory(forceFullCollection: true);
        to.WriteLine(Text(
            $"processed: {elapsed.TotalSeconds:N1} s, {used.TotalSeconds:N1} s of CPU; {series:N0} series in blocks of {partitions.Sum(static p => p.StateBytes) / Math.Max(1, series):N0} bytes, {(after - before) / Math.Max(1, series):N0} bytes of managed memory each; a restart replays {partitions.Sum(static p => p.ReplayRecords):N0} records"));
        await processor.DisposeAsync();
        var written = await MeasureAsync(log);
        await log.CompactAsync(CancellationToken.None);
        var live = await MeasureAsync(log);
        var readings = Bytes(directory, LogTopics.Readings);
        to.WriteLine(Text(
            $"state written: {written.Bytes / 1e6:N1} MB in {written.Records:N0} records, {100.0 * written.Bytes / readings:N1} % of the log; newest of each key: {live.Newest / 1e6:N1} MB, {(double)live.Newest / Math.Max(1, series):N0} bytes a series"));
    }

    private async Task RestartAsync(string directory, bool rebalance = true)
    {
        var watch = Stopwatch.StartNew();
        var cpu = Environment.CpuUsage.TotalTime;
        await using var log = Open(directory);
        var opened = watch.Elapsed;
        await using var processor = new ReadingProcessor(log, options, new LineLoggers(to), TimeProvider.System);
        await processor.StartAsync(CancellationToken.None);
        await UntilAsync(processor, () => ValueTask.FromResult(Ready(processor) >= FleetLog.Partitions / 2));
        var half = watch.Elapsed;
        await UntilAsync(processor, () => ValueTask.FromResult(Ready(processor) == FleetLog.Partitions));
        to.WriteLine(Text(
            $"restarted: log open after {opened.TotalSeconds:N2} s, half of the partitions ready after {half.TotalSeconds:N2} s, all ready after {watch.Elapsed.TotalSeconds:N2} s, {(Environment.CpuUsage.TotalTime - cpu).TotalSeconds:N1} s of CPU"));
        if (rebalance)
        {
            await RebalanceAsync(log, processor);
        }
    }

    /// <summary>A second member takes half of the partitions.</summary>
    private async Task RebalanceAsync(JournalLog log, ReadingProcessor first)
    {
        await using var second = new ReadingProcessor(
            log, options with { TransactionalId = "telemetry-processing-1" }, new LineLoggers(to), TimeProvider.System);
        await second.StartAsync(CancellationToken.None);
        var watch = new Stopwatch();
        await UntilAsync(second, () =>
        {
            var (left, taken) = (Ready(first), Ready(second));
            if (left < FleetLog.Partitions)
            {
                watch.Start();
            }

            return ValueTask.FromResult(taken > 0 && left + taken == FleetLog.Partitions);
        });
        to.WriteLine(Text($"rebalanced: {Ready(second)} partitions without detection for {watch.Elapsed.TotalSeconds:N2} s"));
    }

    private static int Ready(ReadingProcessor processor) => processor.Partitions.Count(static partition => partition.IsReady);

    private static async Task UntilAsync(ReadingProcessor processor, Func<ValueTask<bool>> isDone)
    {
        for (var watch = Stopwatch.StartNew(); !await isDone(); await Task.WhenAny(processor.Completion, Task.Delay(2)))
        {
            if (processor.Completion.IsCompleted || watch.Elapsed > Generous)
            {
                await processor.Completion.WaitAsync(TimeSpan.Zero);
                throw new InvalidOperationException("Processing stopped before it was done.");
            }
        }
    }

    /// <summary>Keys and values on the state topic: all there are, and of each key the newest.</summary>
    private static async Task<(long Records, long Bytes, long Newest)> MeasureAsync(JournalLog log)
    {
        var (records, bytes) = (0L, 0L);
        var newest = new Dictionary<(int, string), int>();
        for (var partition = 0; partition < FleetLog.Partitions; partition++)
        {
            var state = new TopicPartition(LogTopics.DetectorState, partition);
            await using var consumer = log.CreateConsumer(new ConsumerOptions());
            consumer.Assign([state]);
            var range = await log.QueryOffsetsAsync(state, CancellationToken.None);
            consumer.Seek(state, range.Low);
            while (consumer.Position(state) < range.High)
            {
                foreach (var record in await consumer.PollAsync(4096, TimeSpan.FromMilliseconds(100), CancellationToken.None))
                {
                    records++;
                    bytes += record.Key.Length + record.Value.Length;
                    newest[(partition, Convert.ToHexString(record.Key.Span))] = record.Key.Length + record.Value.Length;
                }
            }
        }

        return (records, bytes, newest.Values.Sum(static size => (long)size));
    }

    private static JournalLog Open(string directory) => JournalLog.Open(
        new JournalOptions { Directory = directory, FreeBytesMin = 0, MaintenanceInterval = TimeSpan.Zero },
        new LineLoggers(TextWriter.Null),
        TimeProvider.System);

    private static long Bytes(string directory, string topic) => new DirectoryInfo(directory)
        .EnumerateFiles("*", SearchOption.AllDirectories).Where(file => file.FullName.Contains(topic, StringComparison.Ordinal)).Sum(static file => file.Length);

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    /// <summary>Prints what processing says of its partitions.</summary>
    private sealed class LineLoggers(TextWriter to) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public void Dispose()
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                to.WriteLine($"  {formatter(state, exception)} {exception}");
            }
        }
    }
}
