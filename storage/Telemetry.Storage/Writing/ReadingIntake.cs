using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.Wire;
using Telemetry.Storage.Blocks;
using Telemetry.Storage.Horizon;
using Telemetry.Streams;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.Deletion;

namespace Telemetry.Storage.Writing;

/// <summary>Takes the readings that are to be stored.</summary>
internal interface IReadingTarget
{
    /// <summary>Readings [start, start + count) of <paramref name="batch"/>, all of one month.</summary>
    void Append(int partition, long offset, int month, ReadingBatchBuffer batch, int start, int count);
}

/// <summary>
/// From a record to readings to be stored: decodes, removes duplicates, splits by month. What cannot be stored becomes a
/// dead letter. What it decides depends on the records alone, so a replay decides alike.
/// </summary>
internal sealed class ReadingIntake(DeadLetterQueue letters, SinkMetrics metrics, IReadingSchemas schemas)
{
    private readonly ReadingBatchBuffer _batch = new();
    private readonly List<int> _refused = [];
    private readonly List<int> _ambiguous = [];
    private readonly List<int> _conflicts = [];

    /// <summary>Newest event time of the last record taken, microseconds, and how many of its readings were taken.</summary>
    public (long Newest, int Count) Last { get; private set; }

    /// <summary>
    /// True: records from below the checkpoint are read again. Their dead letters are there, and they have been counted.
    /// </summary>
    public bool Again { get; set; }

    /// <summary>What was deleted and is not to be stored again.</summary>
    public DeletedDevices Deleted { get; set; } = DeletedDevices.None;

    /// <summary>Moves the filter on without any output.</summary>
    public void Replay(DuplicateFilter filter, in LogRecord record)
    {
        filter.Advance(record.Offset, record.TimestampMs);
        if (record.Value.IsEmpty)
        {
            Forget(filter, record);
        }
        else if (TryDecode(record, out _))
        {
            filter.Add(_batch);
        }
    }

    /// <summary>Takes one record.</summary>
    public void Take(DuplicateFilter filter, in LogRecord record, IReadingTarget target)
    {
        Last = default;
        filter.Advance(record.Offset, record.TimestampMs);
        if (record.Value.IsEmpty)
        {
            // Written by processing into an idle partition: it says only that time has passed. Or a device is deleted.
            Forget(filter, record);
            return;
        }

        if (!TryDecode(record, out var cause))
        {
            PutAside(record, 1, cause, "the record is not a reading batch; the whole record was refused.", null);
            return;
        }

        if (!Again)
        {
            metrics.RowsIn(_batch.Count);
        }

        var verdict = filter.Add(_batch);
        if (!Deleted.IsEmpty && Deleted.Contains(LogTopics.Readings, record.Partition, record.Offset, Encoding.UTF8.GetString(_batch.Device)))
        {
            metrics.Deleted(_batch.Count);
            return;
        }

        if (verdict is null or DuplicateVerdict.AllDuplicate)
        {
            CountDuplicates(_batch.Count);
            return;
        }

        if (verdict == DuplicateVerdict.AllNew)
        {
            Append(record, target, 0, _batch.Count);
        }
        else
        {
            foreach (var run in filter.Runs.Span)
            {
                Take(record, target, run);
            }
        }

        metrics.Conflicts(Again ? 0 : _conflicts.Count);
        PutAside(record, _refused, "time-out-of-range", "event times before 1970 or from 2106 on cannot be stored.");
        PutAside(record, _ambiguous, "ambiguous-duplicate", "it is no longer known whether these readings were stored before.");
        PutAside(
            record,
            _conflicts,
            "conflict",
            "their event ids (device, boot, sequence) were given to other readings before, which were kept. The device must count each reading once and choose a new boot id at each start.");
    }

    private static void Forget(DuplicateFilter filter, in LogRecord record)
    {
        if (DeviceDeletion.Read(record) is { } deletion)
        {
            filter.Forget(Encoding.UTF8.GetBytes(deletion.Device));
        }
    }

    private bool TryDecode(in LogRecord record, out string cause)
    {
        if (!ConfluentFrame.TryRead(record.Value, out var schemaId, out var message))
        {
            cause = "malformed-frame";
            return false;
        }

        var decoded = _batch.TryDecode(schemas.Find(schemaId), message, out var error);
        cause = decoded ? "" : KebabCase.Of(error.ToString());
        return decoded;
    }

    private void Take(in LogRecord record, IReadingTarget target, DuplicateRun run)
    {
        switch (run.Kind)
        {
            case DuplicateKind.New:
                Append(record, target, run.Start, run.Count);
                break;
            case DuplicateKind.Duplicate:
                CountDuplicates(run.Count);
                break;
            case DuplicateKind.Conflict:
                _conflicts.AddRange(Enumerable.Range(run.Start, run.Count));
                break;
            default:
                _ambiguous.AddRange(Enumerable.Range(run.Start, run.Count));
                break;
        }
    }

    /// <summary>One dead letter for all readings of a record that share a cause: each letter holds the whole record.</summary>
    private void PutAside(in LogRecord record, List<int> indexes, string cause, string detail)
    {
        if (indexes.Count > 0)
        {
            PutAside(record, indexes.Count, cause, detail, [.. indexes]);
            indexes.Clear();
        }
    }

    private void PutAside(in LogRecord record, int count, string cause, string detail, IReadOnlyList<int>? indexes)
    {
        if (!Again)
        {
            metrics.DeadLettered(count);
            letters.Add(record, cause, detail, indexes);
        }
    }

    private void CountDuplicates(int count)
    {
        if (!Again)
        {
            metrics.Duplicates(count);
        }
    }

    private void Append(in LogRecord record, IReadingTarget target, int start, int count)
    {
        var times = _batch.EventTimes;
        var end = start + count;
        while (start < end)
        {
            if (times[start] is < Months.TimeMin or >= Months.TimeEnd)
            {
                _refused.Add(start++);
                continue;
            }

            var month = Months.Of(times[start]);
            var (from, to) = Months.Bounds(month);
            var next = start;
            var newest = long.MinValue;
            while (next < end && times[next] >= from && times[next] < to && times[next] >= Months.TimeMin && times[next] < Months.TimeEnd)
            {
                newest = Math.Max(newest, times[next++]);
            }

            target.Append(record.Partition, record.Offset, month, _batch, start, next - start);
            Last = (Last.Count == 0 ? newest : Math.Max(newest, Last.Newest), Last.Count + next - start);
            start = next;
        }
    }
}
