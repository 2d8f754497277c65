using System.Text;
using Telemetry.Processing;
using Telemetry.Processing.Backtesting;
using Telemetry.Processing.Settings;
using Telemetry.Simulator.Machines;
using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Scoring;

/// <summary>What to score.</summary>
public sealed record FleetRunOptions
{
    /// <summary>The fleet, its seed, span and pace.</summary>
    public FleetPlan Fleet { get; init; } = new();

    /// <summary>Devices without faults beside those of the fleet; their numbers follow.</summary>
    public int CleanDevices { get; init; } = 50;

    /// <summary>Settings of the pipeline.</summary>
    public ProcessingOptions Processing { get; init; } = new();

    /// <summary>Settings of the detectors; null: the default set everywhere.</summary>
    public DetectorSettings? Settings { get; init; }

    /// <summary>Devices of one partition, whose records come in the order of their arrival.</summary>
    public int DevicesPerPartition { get; init; } = 10;

    /// <summary>Partitions worked on at once.</summary>
    public int Parallelism { get; init; } = Environment.ProcessorCount;
}

/// <summary>Plays a fleet in the process and gives it to the processing pipeline: the code of the live path, without a broker.</summary>
public static class FleetRun
{
    private const int ReportEvery = 1 << 16;

    /// <summary>Plays and judges.</summary>
    /// <param name="options">What.</param>
    /// <param name="progress">Told how many readings are done; null for nobody.</param>
    /// <param name="cancellationToken">Stops.</param>
    public static async Task<ScoreReport> RunAsync(
        FleetRunOptions options, IProgress<WorkProgress>? progress, CancellationToken cancellationToken)
    {
        var plan = options.Fleet;
        var total = plan.Devices + options.CleanDevices;
        List<int[]> partitions = [.. Enumerable.Range(0, total).Chunk(Math.Max(1, options.DevicesPerPartition))];
        var results = new List<Played>[partitions.Count];
        var counter = new Counter(progress, (long)(total * (plan.Span / plan.ReadingInterval)));
        var started = TimeProvider.System.GetTimestamp();
        await Parallel.ForAsync(
            0,
            partitions.Count,
            new ParallelOptions { MaxDegreeOfParallelism = options.Parallelism, CancellationToken = cancellationToken },
            (index, token) =>
            {
                results[index] = Play(options, partitions[index], counter, token);
                return ValueTask.CompletedTask;
            });

        var board = new ScoreBoard((long)plan.ReadingInterval.TotalMicroseconds);
        var baselines = new BaselineBoards((long)plan.ReadingInterval.TotalMicroseconds);
        foreach (var played in results.SelectMany(r => r))
        {
            board.Add(played.Device);
            baselines.Add(played.Device, played.Baselines);
        }

        return ScoreReport.Of(board, baselines, counter.Done, TimeProvider.System.GetElapsedTime(started));
    }

    /// <summary>One partition: its devices' records in the order they arrive.</summary>
    private static List<Played> Play(FleetRunOptions options, int[] numbers, Counter counter, CancellationToken cancellationToken)
    {
        var fleet = options.Fleet;
        var clean = fleet with { FaultsPerDeviceDay = 0 };
        var devices = Array.ConvertAll(numbers, n => new Playing((n < fleet.Devices ? fleet : clean).Play(n), n >= fleet.Devices));
        var collector = new AlarmCollector();
        var backtest = new Backtest(options.Processing, long.MinValue, long.MaxValue, 0, options.Settings);
        backtest.AnomalyRaised += collector.Take;
        backtest.IncidentWritten += collector.Take;
        var records = new BatchRecords();
        var queue = new PriorityQueue<Playing, long>();
        foreach (var device in devices)
        {
            device.Enqueue(queue);
        }

        var count = 0;
        while (queue.TryDequeue(out var next, out _))
        {
            backtest.Take(records.Of(next.Name, next.Reading));
            next.Baselines.Take(next.Reading);
            next.Enqueue(queue);
            if (++count == ReportEvery)
            {
                cancellationToken.ThrowIfCancellationRequested();
                counter.Add(count);
                count = 0;
            }
        }

        backtest.Complete();
        counter.Add(count);
        var startUs = (fleet.Start - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var endUs = startUs + (long)fleet.Span.TotalMicroseconds;
        return [.. devices.Select(d => new Played(
            new ScoredDevice(d.Trace.Device, startUs, endUs, d.Trace.Labels, collector.Of(d.Trace.Device), d.IsClean), d.Baselines))];
    }

    private sealed record Played(ScoredDevice Device, DeviceBaselines Baselines);

    private sealed class Playing(DeviceTrace trace, bool isClean)
    {
        private TracedReading _reading;

        public DeviceTrace Trace => trace;

        public bool IsClean => isClean;

        public ReadOnlyMemory<byte> Name { get; } = Encoding.ASCII.GetBytes(trace.Device);

        public DeviceBaselines Baselines { get; } = new();

        public TracedReading Reading => _reading;

        public void Enqueue(PriorityQueue<Playing, long> queue)
        {
            if (trace.TryNext(out _reading))
            {
                queue.Enqueue(this, _reading.ArrivalUs);
            }
        }
    }

    private sealed class Counter(IProgress<WorkProgress>? progress, long total)
    {
        private readonly Lock _gate = new();

        public long Done { get; private set; }

        public void Add(int readings)
        {
            lock (_gate)
            {
                Done += readings;
                progress?.Report(new WorkProgress("Playing the fleet", Done, Math.Max(Done, total), "readings"));
            }
        }
    }
}
