using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Readings;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Bridge.Ingest;

/// <summary>
/// The event ids this bridge took lately, to tell a sender at once that it gave one id to two readings. It decides nothing: the log
/// gets the readings all the same, and processing and storage decide on the log, alike and after every restart. So what is not known
/// here, because another node took it or it was long ago, only means that the sender is not told.
/// </summary>
internal sealed class RecentIds(BridgeOptions options, LogHealth health)
{
    private readonly DeviceMap<DeviceSequences> _devices = new(options.RecentIdDevicesMax, () => new DeviceSequences());

    private readonly DuplicateFilterOptions _bounds = new()
    {
        RangesPerBootMax = 16,
        BootsPerDeviceMax = 2,
        ClosedBootsPerDeviceMax = 0,
        HashedIdsPerBootMax = options.RecentIdsPerBootMax,
    };

    private long _failures;

    /// <summary>Number of readings of the batch that carry the id of another reading.</summary>
    public int CountConflicts(ReadingBatchBuffer batch, IngestWorkspace workspace)
    {
        ForgetWhatMayBeLost();
        var device = _devices.Of(batch.Device);
        lock (device)
        {
            return device.Add(batch, _bounds, workspace.Runs, workspace.Statistics) == DuplicateVerdict.AllNew
                ? 0
                : workspace.Runs.CountOf(DuplicateKind.Conflict);
        }
    }

    /// <summary>As the other overload, of the readings of the columns that are not refused.</summary>
    public int CountConflicts(ReadingColumns columns, IngestWorkspace workspace)
    {
        ForgetWhatMayBeLost();
        workspace.Hashes.Of(columns.Sensors(), columns.Indexes, columns.Times, columns.Values, columns.TimesAssigned);
        var hashes = workspace.Hashes.Span;
        var conflicts = 0;
        var device = _devices.Of(columns.Device);
        lock (device)
        {
            for (var start = 0; columns.TryNextRun(ref start, out var length); start += length)
            {
                device.Add(columns.BootId, columns.Sequence(start), hashes.Slice(start, length), _bounds, workspace.Runs, workspace.Statistics);
                conflicts += workspace.Runs.CountOf(DuplicateKind.Conflict);
            }
        }

        return conflicts;
    }

    /// <summary>What the log failed to take never happened, and its ids are free.</summary>
    private void ForgetWhatMayBeLost()
    {
        var failures = health.Failures;
        if (Interlocked.Exchange(ref _failures, failures) != failures)
        {
            _devices.Clear();
        }
    }
}
