using System.Globalization;
using System.Text;
using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Devices;
using Telemetry.Processing.Incidents;
using Telemetry.Processing.Watermarks;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;
using Telemetry.Streams.State;
using Incident = Telemetry.Contracts.V1.Incident;

namespace Telemetry.Processing.Pipeline;

/// <summary>
/// Makes the records of anomalies, incidents, device events and dead letters. They carry the timestamp of the record that caused them, so
/// that every run gives the same bytes. All of this is rare: it may allocate.
/// </summary>
internal sealed class OutputWriter(ProcessingOptions options, OutputBatch batch, ProcessingCounts counts)
{
    public const string Stage = "processing";

    public OutputBatch Batch { get; set; } = batch;

    /// <summary>In a replay nothing is written: it was committed with the records replayed.</summary>
    public bool IsSuppressed { get; set; }

    /// <summary>Timestamp of the record in hand.</summary>
    public long TimestampMs { get; set; }

    /// <summary>The device spoken of.</summary>
    public KeySlot<DeviceState>? Device { get; set; }

    /// <param name="incident">What it belongs to.</param>
    /// <param name="part">The sensor's part in it.</param>
    /// <param name="detector">Which detector.</param>
    /// <param name="kind">What it is.</param>
    /// <param name="result">The detector's figures.</param>
    /// <param name="sight">The reading.</param>
    public void Anomaly(OpenIncident incident, IncidentPart part, string detector, AnomalyKind kind, in DetectorResult result, in Sight sight)
    {
        if (IsSuppressed)
        {
            return;
        }

        counts.Anomalies[(int)kind]++;
        var sensor = Encoding.ASCII.GetString(sight.Sensor);
        var anomaly = new Anomaly
        {
            Device = Device!.Text,
            Sensor = sensor,
            EventTimeUs = sight.EventUs,
            Value = sight.Value,
            Kind = kind,
            Detector = detector,
            Score = result.Score,
            PValue = double.IsNaN(result.PValue) ? 0 : result.PValue,
            Martingale = double.IsNaN(result.Martingale) ? 0 : result.Martingale,
            Mode = result.Mode,
            BootId = sight.Boot,
            Sequence = sight.Sequence,
            Reason = $"{IncidentText.Of(part, sensor, UnitOf(Device.Text, sensor))}. {IncidentText.Detail(part)}.",
            IncidentId = IncidentId.Of(
                Device.Text, Encoding.ASCII.GetString(incident.Lead.Sensor), incident.OpenedAs, incident.OpenedAtUs, incident.Boot, incident.Sequence),
        };
        Batch.Add(LogTopics.Anomalies, Device.Key.Span, options.AnomalySchemaId, anomaly, TimestampMs);
    }

    public void Incident(OpenIncident incident, IncidentState state)
    {
        if (!IsSuppressed)
        {
            Write(IncidentRecords.Of(Device!.Text, incident, state, UnitOf));
        }
    }

    /// <summary>The device itself is not heard, or is heard again.</summary>
    public void SilentIncident(long heardMs, long dueUs, long nowMs, double intervalMs, bool isOver)
    {
        if (!IsSuppressed)
        {
            counts.Incidents[(int)AnomalyKind.Silent] += isOver ? 0 : 1;
            Write(IncidentRecords.Silent(Device!.Text, heardMs * 1000, dueUs, nowMs * 1000, intervalMs, isOver));
        }
    }

    public void Unjudged(long atMs, long unjudged) => Event(
        DeviceEventKind.Unjudged,
        atMs * 1000,
        unjudged,
        0,
        $"{unjudged.ToString(CultureInfo.InvariantCulture)} readings of the device are stored but were not judged: they came after readings later than them were, too late, or from more sensors than a device may have.");

    public void Booted(ulong boot, long eventUs) =>
        Event(DeviceEventKind.Booted, eventUs, 0, boot, "First readings of a new boot of the device.");

    public void Silent(long atMs, long lastSeenMs) => Event(
        DeviceEventKind.Silent,
        atMs * 1000,
        (atMs - lastSeenMs) * 1000,
        0,
        $"No record of the device since {Time(lastSeenMs * 1000)}.");

    public void Resumed(long atMs, long silenceMs) => Event(
        DeviceEventKind.Resumed,
        atMs * 1000,
        silenceMs * 1000,
        0,
        $"The device is heard again after {Seconds(silenceMs * 1000)}.");

    public void Clock(bool skewed, long ingestUs, long offsetUs) => Event(
        skewed ? DeviceEventKind.ClockSkew : DeviceEventKind.ClockOk,
        ingestUs,
        offsetUs,
        0,
        skewed
            ? $"The device's clock is {Seconds(Math.Abs(offsetUs))} {(offsetUs < 0 ? "behind" : "ahead of")} the time its records are taken. Event times are kept as they are; check its time source."
            : $"The device's clock is right again, within {Seconds(Math.Abs(offsetUs))}.");

    public void SequenceGap(ulong boot, long atMs, ulong missing) => Event(
        DeviceEventKind.SequenceGap,
        atMs * 1000,
        (long)Math.Min(missing, long.MaxValue),
        boot,
        $"{missing.ToString(CultureInfo.InvariantCulture)} readings of the device did not arrive in time.");

    public void IdConflict(ulong boot, long atMs, long conflicts) => Event(
        DeviceEventKind.IdConflict,
        atMs * 1000,
        conflicts,
        boot,
        $"{conflicts.ToString(CultureInfo.InvariantCulture)} readings of this boot had the event id of another reading and are dead letters. The device must count each reading once and choose a new boot id at each start.");

    /// <param name="record">Record put aside.</param>
    /// <param name="cause">Machine-readable cause.</param>
    /// <param name="fault">What went wrong with a batch; null for a record that is no batch.</param>
    public void DeadLetter(in LogRecord record, string cause, string? fault = null)
    {
        if (IsSuppressed)
        {
            return;
        }

        counts.DeadLettered++;
        var source = Encoding.UTF8.GetBytes(record.Topic);
        var letter = new DeadLetter
        {
            Payload = UnsafeByteOperations.UnsafeWrap(record.Value),
            Source = record.Topic,
            SourcePartition = record.Partition,
            SourceOffset = record.Offset,
            Cause = cause,
            Detail = $"The record at {record.Topic}/{record.Partition}, offset {record.Offset.ToString(CultureInfo.InvariantCulture)}, "
                + (fault is null
                    ? $"is no ReadingBatch ({cause}). Look at what wrote it; its bytes are in this letter."
                    : $"could not be examined: {fault} Storage has its readings all the same."),
            Stage = Stage,
            RefusedAtUs = TimestampMs * 1000,
        };
        Batch.Add(LogTopics.DeadLetters, source, options.DeadLetterSchemaId, letter, TimestampMs);
    }

    /// <summary>What was derived from a device's readings is deleted with them.</summary>
    public void Deleted(DeviceDeletion deletion)
    {
        if (IsSuppressed)
        {
            return;
        }

        var (key, headers) = (Encoding.UTF8.GetBytes(deletion.Device), deletion.ToHeaders());
        foreach (var topic in (ReadOnlySpan<string>)[LogTopics.Anomalies, LogTopics.Incidents, LogTopics.DeviceEvents])
        {
            Batch.Add(topic, key, [], TimestampMs, headers);
        }
    }

    private static string Seconds(long micros) => string.Create(CultureInfo.InvariantCulture, $"{micros / 1e6:0.###} s");

    private static string Time(long micros) => UnixMicros.ToTime(Math.Clamp(micros, 0, Micros.FromMs(long.MaxValue)))
        .ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);

    private string UnitOf(string device, string sensor) => options.UnitOf?.Invoke(device, sensor) ?? "";

    private void Write(Incident incident) => Batch.Add(LogTopics.Incidents, Device!.Key.Span, options.IncidentSchemaId, incident, TimestampMs);

    private void Event(DeviceEventKind kind, long timeUs, long figure, ulong boot, string detail)
    {
        if (IsSuppressed)
        {
            return;
        }

        counts.Events[(int)kind]++;
        var record = new DeviceEvent
        {
            Device = Device!.Text,
            Kind = kind,
            TimeUs = timeUs,
            Detail = detail,
            Figure = figure,
            BootId = boot,
        };
        Batch.Add(LogTopics.DeviceEvents, Device.Key.Span, options.DeviceEventSchemaId, record, TimestampMs);
    }
}
