using System.Buffers.Binary;
using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Telemetry.Simulator.Devices;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.History;
using Telemetry.Simulator.Ledger;
using Telemetry.Simulator.Machines;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Signals;
using Telemetry.Simulator.Totals;

namespace Telemetry.Simulator;

/// <summary>
/// Plays a fleet against a broker. Everything it sends is in the ledger before it leaves, everything acknowledged right
/// after, so that an audit can compare: each reading that <see cref="LedgerReader"/> calls acknowledged must be stored once.
/// </summary>
public sealed class FleetSimulator
{
    private static readonly JsonSerializerOptions ReportJson = new() { WriteIndented = true };

    private static readonly ParallelOptions StopInParallel = new() { MaxDegreeOfParallelism = 64 };

    private readonly SimulatorOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<FleetSimulator> _logger;
    private IReadOnlyList<Machine> _machines = [];

    /// <exception cref="ValidationException">An option is out of its range; the message names it.</exception>
    public FleetSimulator(SimulatorOptions options, TimeProvider time, ILogger<FleetSimulator> logger)
    {
        Validator.ValidateObject(options, new ValidationContext(options), validateAllProperties: true);
        _options = options;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Runs until the duration is over or <paramref name="cancellationToken"/> is cancelled, then lets what was sent be
    /// acknowledged (up to the drain timeout), disconnects and reports.
    /// </summary>
    /// <param name="progress">Told at each progress interval and once at the end; may be null.</param>
    /// <param name="cancellationToken">Ends producing; not an error.</param>
    /// <exception cref="IOException">Ledger, labels or report cannot be written.</exception>
    public async Task<SimulatorReport> RunAsync(IProgress<SimulatorProgress>? progress, CancellationToken cancellationToken)
    {
        using var labels = _options.LabelsFile is { } file ? new LabelWriter(file) : null;
        if (PastPlan.Of(_options) is { } past)
        {
            _machines = await PlayPastAsync(past, labels, progress, cancellationToken);
        }

        return await RunAsync(labels, progress, cancellationToken);
    }

    private async Task<SimulatorReport> RunAsync(LabelWriter? labels, IProgress<SimulatorProgress>? progress, CancellationToken cancellationToken)
    {
        var runId = _options.RunId ?? RandomRunId();
        var name = _time.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff", CultureInfo.InvariantCulture)
            + "-" + runId.ToString("x16", CultureInfo.InvariantCulture);
        using var totals = new FleetTotals();
        using var ledger = new LedgerWriter(_options.LedgerDirectory, name, _options.Devices, _options.ReadingsPerPublish);
        FleetLog.Starting(
            _logger, _options.Devices, _options.Host, _options.Port, _options.RatePerHour, _options.ReadingsPerPublish,
            _options.LedgerDirectory);
        var fleet = new FleetContext(_options, _time, ledger, labels, totals);
        var devices = MakeDevices(fleet, runId);

        using var stop = new CancellationTokenSource();
        var loops = StartSchedulers(devices, fleet, stop.Token);
        await ProduceAsync(fleet, progress, cancellationToken);
        var produced = fleet.Elapsed;
        await DrainAsync(fleet, progress);
        await stop.CancelAsync();
        await Task.WhenAll(loops);
        await Parallel.ForEachAsync(devices, StopInParallel, async (device, _) => await device.StopAsync());

        var last = totals.Snapshot(fleet.Elapsed);
        progress?.Report(last);
        FleetLog.Finished(_logger, last.Sent, last.Acked, last.Rejected, last.Skipped);
        var report = SimulatorReport.From(_options, last, produced, fleet.Puback);
        await WriteReportAsync(report);
        return report;
    }

    /// <summary>Answers the machines as they are then: counters go on, the bearing is warm.</summary>
    private async Task<IReadOnlyList<Machine>> PlayPastAsync(PastPlan past, LabelWriter? labels, IProgress<SimulatorProgress>? progress, CancellationToken cancellationToken)
    {
        var start = _time.GetUtcNow() - past.Span;
        FleetLog.PlayingPast(_logger, past.Fleet.Devices, start, _options.HistoryWithin);
        var fleet = new FleetSimulator(past.Fleet, new FastTime(_time, start, past.Speed), _logger);
        var report = await fleet.RunAsync(labels, progress, cancellationToken);
        FleetLog.PlayedPast(_logger, report.Acked, report.Sent);
        return fleet._machines;
    }

    private static ulong RandomRunId()
    {
        // Boot ids must never come again, on any machine, so they are not from the seed.
        Span<byte> bytes = stackalloc byte[8];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }

    private SimulatedDevice[] MakeDevices(FleetContext fleet, ulong runId)
    {
        var start = (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
        var connect = MqttDeviceLink.ConnectWith(_options);
        var devices = new SimulatedDevice[_options.Devices];
        for (var i = 0; i < devices.Length; i++)
        {
            var bootId = SeededHash.Bits(_options.Seed, runId, (ulong)i) | 1;
            devices[i] = new SimulatedDevice(fleet, i, bootId, start, connect, i < _machines.Count ? _machines[i] : null);
        }

        _machines = [.. devices.Take(_options.LastPublishAt is null ? 0 : devices.Length).Select(device => device.Machine)];

        return devices;
    }

    private Task[] StartSchedulers(SimulatedDevice[] devices, FleetContext fleet, CancellationToken cancellationToken)
    {
        var count = Math.Clamp(devices.Length / DeviceScheduler.DevicesEach, 1, Environment.ProcessorCount);
        var each = (devices.Length + count - 1) / count;
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var share = devices.AsMemory(i * each, Math.Min(each, devices.Length - (i * each)));
            var scheduler = new DeviceScheduler(share, _options.ConnectRatePerSecond / count, fleet);
            return Task.Run(() => scheduler.RunVisitLoopAsync(cancellationToken), CancellationToken.None);
        })];
    }

    /// <summary>Waits for the end, reporting progress.</summary>
    private async Task ProduceAsync(FleetContext fleet, IProgress<SimulatorProgress>? progress, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(_options.ProgressInterval, _time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var duration = new CancellationTokenSource(_options.Duration ?? Timeout.InfiniteTimeSpan, _time);
        using var link = duration.Token.Register(end.Cancel);
        var watch = new ConnectionWatch(_options.Devices, _logger);
        try
        {
            while (await timer.WaitForNextTickAsync(end.Token))
            {
                var now = fleet.Totals.Snapshot(fleet.Elapsed);
                watch.Look(now);
                progress?.Report(now);
            }
        }
        catch (OperationCanceledException)
        {
            // The end: by duration or by the caller.
            return;
        }
    }

    private async Task DrainAsync(FleetContext fleet, IProgress<SimulatorProgress>? progress)
    {
        fleet.BeginDrain();
        var start = _time.GetTimestamp();
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50), _time);
        while (fleet.Totals.Pending > 0 && _time.GetElapsedTime(start) < _options.DrainTimeout)
        {
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }

        progress?.Report(fleet.Totals.Snapshot(fleet.Elapsed));
        if (fleet.Totals.Pending > 0)
        {
            FleetLog.NotDrained(_logger, fleet.Totals.Pending, _options.DrainTimeout);
        }
    }

    private async Task WriteReportAsync(SimulatorReport report)
    {
        if (_options.ReportPath is not { } path)
        {
            return;
        }

        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory)
        {
            Directory.CreateDirectory(directory);
        }

        // Renamed into place, so that nobody reads half a report.
        await File.WriteAllBytesAsync(path + ".part", JsonSerializer.SerializeToUtf8Bytes(report, ReportJson), CancellationToken.None);
        File.Move(path + ".part", path, overwrite: true);
    }
}
