using Google.Protobuf;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.Catalogue;
using Telemetry.Contracts.Text;
using Telemetry.Contracts.V1;
using Telemetry.Storage.Blocks;

namespace Telemetry.Storage.Writing;

/// <summary>A row of an event table, in the log's order.</summary>
/// <param name="Partition">Log partition.</param>
/// <param name="Offset">Log offset.</param>
/// <param name="TimeUs">Event time, microseconds.</param>
/// <param name="Message">What is stored; null in a marker row.</param>
/// <param name="Sensor">Sensor, or the marker's name.</param>
/// <param name="Covered">In a marker row the number of offsets covered.</param>
internal readonly record struct EventRow(int Partition, long Offset, long TimeUs, IMessage? Message, string Sensor, long Covered);

/// <summary>A topic of events and its table.</summary>
/// <param name="Topic">Topic.</param>
/// <param name="Table">Table.</param>
/// <param name="CountColumn">Column in which a marker row holds the number of offsets covered.</param>
/// <param name="Structure">Columns as sent.</param>
/// <param name="Parse">Reads the value; throws <see cref="InvalidProtocolBufferException"/>.</param>
/// <param name="TimeOf">Event time.</param>
/// <param name="DeviceOf">Device.</param>
/// <param name="SensorOf">Sensor; empty where there is none.</param>
/// <param name="Encode">Writes a block.</param>
internal sealed record EventTable(
    string Topic,
    string Table,
    string CountColumn,
    string Structure,
    Func<ReadOnlyMemory<byte>, IMessage> Parse,
    Func<IMessage, long> TimeOf,
    Func<IMessage, string> DeviceOf,
    Func<IMessage, string> SensorOf,
    Action<NativeWriter, IReadOnlyList<EventRow>> Encode)
{
    /// <summary>True: the topic keeps the newest of each key, and the table all. What the log no longer has is not wrong in the table.</summary>
    public bool IsCompacted { get; init; }

    public string Columns { get; } = string.Join(", ", Split(Structure).Select(c => c.Name));

    public static IReadOnlyList<(string Name, string Type)> Split(string structure) =>
    [
        .. structure.Replace("(6, 'UTC')", "(6;'UTC')", StringComparison.Ordinal).Split(", ")
            .Select(c => c.Replace(";", ", ", StringComparison.Ordinal).Split(' ', 2)).Select(c => (c[0], c[1])),
    ];
}

/// <summary>The event tables.</summary>
internal static class EventTables
{
    private const string AnomalyStructure =
        "device String, sensor String, event_time DateTime64(6, 'UTC'), value Float64, kind String, detector String, mode String, "
        + "score Float64, p_value Float64, martingale Float64, boot UInt64, sequence UInt64, reason String";

    private const string DeviceEventStructure =
        "device String, sensor String, event_time DateTime64(6, 'UTC'), kind String, figure Int64, boot UInt64, sequence UInt64, detail String";

    private const string IncidentStructure =
        "device String, sensor String, event_time DateTime64(6, 'UTC'), id String, revision UInt64, kind String, state String, direction String, "
        + "severity UInt64, peak_time DateTime64(6, 'UTC'), last_time DateTime64(6, 'UTC'), end_time DateTime64(6, 'UTC'), value Float64, "
        + "usual_low Float64, usual_high Float64, spreads Float64, from_level Float64, to_level Float64, run_length UInt64, usual_run_length UInt64, "
        + "score Float64, unit String, text String, detail String, sensors Array(String), parts String, sensor_count UInt64, "
        + "detectors Array(String), late UInt64, boot UInt64, sequence UInt64";

    private const string AlarmStructure =
        "device String, sensor String, event_time DateTime64(6, 'UTC'), id String, change String, transition String, status String, previous String, "
        + "source String, kind String, priority String, severity UInt64, condition_time DateTime64(6, 'UTC'), raised_time DateTime64(6, 'UTC'), "
        + "cleared_time DateTime64(6, 'UTC'), acknowledged_time DateTime64(6, 'UTC'), shelved_until DateTime64(6, 'UTC'), active UInt64, value Float64, "
        + "unit String, text String, person String, comment String, inhibited_by String, incident String, command String, occurrences UInt64, sequence UInt64";

    private const string CatalogueStructure =
        "device String, sensor String, event_time DateTime64(6, 'UTC'), source String, version UInt64, deleted UInt64, person String, comment String, "
        + "display_name String, type String, enterprise String, site String, area String, line String, cell String, unit String, unit_code String, "
        + "document String, entries UInt64, sequence UInt64";

    public static readonly EventTable Anomalies = new(
        LogTopics.Anomalies,
        "anomalies",
        "toUInt64(value)",
        AnomalyStructure,
        value => Anomaly.Parser.ParseFrom(value.Span),
        message => ((Anomaly)message).EventTimeUs,
        message => ((Anomaly)message).Device,
        message => ((Anomaly)message).Sensor,
        EncodeAnomalies);

    public static readonly EventTable DeviceEvents = new(
        LogTopics.DeviceEvents,
        "device_events",
        "toUInt64(figure)",
        DeviceEventStructure,
        value => DeviceEvent.Parser.ParseFrom(value.Span),
        message => ((DeviceEvent)message).TimeUs,
        message => ((DeviceEvent)message).Device,
        static _ => "",
        EncodeDeviceEvents);

    public static readonly EventTable Incidents = new(
        LogTopics.Incidents,
        "incidents",
        "toUInt64(run_length)",
        IncidentStructure,
        value => Incident.Parser.ParseFrom(value.Span),
        message => ((Incident)message).StartUs,
        message => ((Incident)message).Device,
        message => ((Incident)message).Sensor,
        EncodeIncidents);

    public static readonly EventTable Alarms = new(
        LogTopics.Alarms,
        "alarms",
        "toUInt64(occurrences)",
        AlarmStructure,
        value => AlarmChange.Parser.ParseFrom(value.Span),
        message => ((AlarmChange)message).TimeUs,
        message => ((AlarmChange)message).Alarm?.Device ?? "",
        message => ((AlarmChange)message).Alarm?.Sensor ?? "",
        EncodeAlarms);

    public static readonly EventTable Catalogue = new(
        LogTopics.Catalogue,
        "catalogue",
        "toUInt64(entries)",
        CatalogueStructure,
        value => CatalogueEntry.Parser.ParseFrom(value.Span),
        message => ((CatalogueEntry)message).TimeUs,
        message => ((CatalogueEntry)message).Device,
        message => ((CatalogueEntry)message).Sensor,
        EncodeCatalogue)
    {
        IsCompacted = true,
    };

    /// <summary>All of them.</summary>
    public static readonly IReadOnlyList<EventTable> All = [Anomalies, DeviceEvents, Incidents, Alarms, Catalogue];

    private static void EncodeAnomalies(NativeWriter writer, IReadOnlyList<EventRow> rows)
    {
        var columns = new ColumnWriter<Anomaly>(writer, rows, AnomalyStructure);
        columns.Strings(a => a.Device, Marker.Device);
        columns.Sensors();
        columns.Int64(a => a.EventTimeUs, r => r.TimeUs);
        columns.Float64(a => a.Value, r => r.Covered);
        columns.Strings(a => KebabCase.Of(a.Kind.ToString()), "");
        columns.Strings(a => a.Detector, "");
        columns.Strings(a => KebabCase.Of(a.Mode.ToString()), "");
        columns.Float64(a => a.Score, _ => 0);
        columns.Float64(a => a.PValue, _ => 0);
        columns.Float64(a => a.Martingale, _ => 0);
        columns.Int64(a => (long)a.BootId, _ => 0);
        columns.Int64(a => (long)a.Sequence, r => r.Offset);
        columns.Strings(a => a.Reason, "");
    }

    private static void EncodeDeviceEvents(NativeWriter writer, IReadOnlyList<EventRow> rows)
    {
        var columns = new ColumnWriter<DeviceEvent>(writer, rows, DeviceEventStructure);
        columns.Strings(e => e.Device, Marker.Device);
        columns.Sensors();
        columns.Int64(e => e.TimeUs, r => r.TimeUs);
        columns.Strings(e => KebabCase.Of(e.Kind.ToString()), "");
        columns.Int64(e => e.Figure, r => r.Covered);
        columns.Int64(e => (long)e.BootId, _ => 0);
        columns.Int64((_, r) => r.Offset);
        columns.Strings(e => e.Detail, "");
    }

    private static void EncodeIncidents(NativeWriter writer, IReadOnlyList<EventRow> rows)
    {
        var columns = new ColumnWriter<Incident>(writer, rows, IncidentStructure);
        columns.Strings(i => i.Device, Marker.Device);
        columns.Sensors();
        columns.Int64(i => i.StartUs, r => r.TimeUs);
        columns.Strings(i => i.Id, "");
        columns.Int64(i => i.Revision, _ => 0);
        columns.Strings(i => KebabCase.Of(i.Kind.ToString()), "");
        columns.Strings(i => KebabCase.Of(i.State.ToString()), "");
        columns.Strings(i => KebabCase.Of(i.Direction.ToString()), "");
        columns.Int64(i => Math.Min(i.Severity, ushort.MaxValue), _ => 0);
        columns.Int64(i => i.PeakUs, _ => 0);
        columns.Int64(i => i.LastUs, _ => 0);
        columns.Int64(i => i.EndUs, _ => 0);
        columns.Float64(i => i.Value, _ => 0);
        columns.Float64(i => i.HasUsualLow ? i.UsualLow : double.NaN, _ => 0);
        columns.Float64(i => i.HasUsualHigh ? i.UsualHigh : double.NaN, _ => 0);
        columns.Float64(i => i.HasSpreads ? i.Spreads : double.NaN, _ => 0);
        columns.Float64(i => i.HasFromLevel ? i.FromLevel : double.NaN, _ => 0);
        columns.Float64(i => i.HasToLevel ? i.ToLevel : double.NaN, _ => 0);
        columns.Int64(i => (long)i.RunLength, r => r.Covered);
        columns.Int64(i => (long)i.UsualRunLength, _ => 0);
        columns.Float64(i => i.Score, _ => 0);
        columns.Strings(i => i.Unit, "");
        columns.Strings(i => i.Text, "");
        columns.Strings(i => i.Detail, "");
        columns.StringArrays(i => [.. i.Sensors.Select(s => s.Sensor)]);
        columns.Strings(IncidentParts.Of, "");
        columns.Int64(i => i.SensorCount, _ => 0);
        columns.StringArrays(i => i.Detectors);
        columns.Int64(i => i.Late ? 1 : 0, _ => 0);
        columns.Int64(i => (long)i.BootId, _ => 0);
        columns.Int64(i => (long)i.Sequence, r => r.Offset);
    }

    private static void EncodeAlarms(NativeWriter writer, IReadOnlyList<EventRow> rows)
    {
        var columns = new ColumnWriter<AlarmChange>(writer, rows, AlarmStructure);
        columns.Strings(c => Of(c).Device, Marker.Device);
        columns.Sensors();
        columns.Int64(c => c.TimeUs, r => r.TimeUs);
        columns.Strings(c => Of(c).Id, "");
        columns.Strings(c => c.Id, "");
        columns.Strings(c => AlarmNames.Of(c.Transition), "");
        columns.Strings(c => AlarmNames.Of(Of(c).Status), "");
        columns.Strings(c => AlarmNames.Of(c.Previous), "");
        columns.Strings(c => Of(c).Source, "");
        columns.Strings(c => Of(c).Kind, "");
        columns.Strings(c => AlarmNames.Of(Of(c).Priority), "");
        columns.Int64(c => Math.Min(Of(c).Severity, ushort.MaxValue), _ => 0);
        columns.Int64(c => Of(c).EventTimeUs, _ => 0);
        columns.Int64(c => Of(c).RaisedUs, _ => 0);
        columns.Int64(c => Of(c).ClearedUs, _ => 0);
        columns.Int64(c => Of(c).AcknowledgedUs, _ => 0);
        columns.Int64(c => Of(c).ShelvedUntilUs, _ => 0);
        columns.Int64(c => Of(c).Active ? 1 : 0, _ => 0);
        columns.Float64(c => Of(c).HasValue ? Of(c).Value : double.NaN, _ => 0);
        columns.Strings(c => Of(c).Unit, "");
        columns.Strings(c => Of(c).Text, "");
        columns.Strings(c => c.By, "");
        columns.Strings(c => c.Comment, "");
        columns.Strings(c => Of(c).InhibitedBy, "");
        columns.Strings(c => Of(c).IncidentId, "");
        columns.Strings(c => c.CommandId, "");
        columns.Int64(c => (long)Of(c).Occurrences, r => r.Covered);
        columns.Int64((_, r) => r.Offset);
    }

    private static void EncodeCatalogue(NativeWriter writer, IReadOnlyList<EventRow> rows)
    {
        var columns = new ColumnWriter<CatalogueEntry>(writer, rows, CatalogueStructure);
        columns.Strings(e => e.Device, Marker.Device);
        columns.Sensors();
        columns.Int64(e => e.TimeUs, r => r.TimeUs);
        columns.Strings(e => CatalogueJson.SourceOf(CatalogueName.SourceOf(e)), "");
        columns.Int64(e => (long)e.Version, _ => 0);
        columns.Int64(e => e.Deleted ? 1 : 0, _ => 0);
        columns.Strings(e => e.By, "");
        columns.Strings(e => e.Comment, "");
        columns.Strings(e => e.DisplayName, "");
        columns.Strings(e => e.Type, "");
        columns.Strings(e => e.Enterprise, "");
        columns.Strings(e => e.Site, "");
        columns.Strings(e => e.Area, "");
        columns.Strings(e => e.Line, "");
        columns.Strings(e => e.Cell, "");
        columns.Strings(e => CatalogueJson.UnitOf(e) ?? "", "");
        columns.Strings(e => CatalogueJson.UnitCodeOf(e) ?? "", "");
        columns.Strings(CatalogueDocument.Of, "");
        columns.Int64(_ => 1, r => r.Covered);
        columns.Int64((_, r) => r.Offset);
    }

    private static readonly Alarm NoAlarm = new();

    private static Alarm Of(AlarmChange change) => change.Alarm ?? NoAlarm;

    private sealed class ColumnWriter<T>
        where T : class, IMessage
    {
        private readonly NativeWriter _writer;
        private readonly IReadOnlyList<EventRow> _rows;
        private readonly IReadOnlyList<(string Name, string Type)> _columns;
        private int _column;

        public ColumnWriter(NativeWriter writer, IReadOnlyList<EventRow> rows, string structure)
        {
            _writer = writer;
            _rows = rows;
            _columns = EventTable.Split(structure);
            writer.Begin(_columns.Count, rows.Count);
        }

        public void Strings(Func<T, string> value, string marker) => Each(r => _writer.String(r.Message is T m ? value(m) : marker));

        public void Sensors() => Each(r => _writer.String(r.Sensor));

        public void Int64(Func<T, long> value, Func<EventRow, long> marker) =>
            Each(r => _writer.Int64(r.Message is T m ? value(m) : marker(r)));

        public void Int64(Func<T?, EventRow, long> value) => Each(r => _writer.Int64(value(r.Message as T, r)));

        /// <summary>The ends of the rows' arrays, then all elements; a marker has none.</summary>
        public void StringArrays(Func<T, IReadOnlyList<string>> value)
        {
            var end = 0L;
            Each(r => _writer.Int64(end += r.Message is T m ? value(m).Count : 0));
            foreach (var row in _rows)
            {
                foreach (var text in row.Message is T m ? value(m) : [])
                {
                    _writer.String(text);
                }
            }
        }

        public void Float64(Func<T, double> value, Func<EventRow, double> marker) =>
            Each(r => _writer.Float64(r.Message is T m ? value(m) : marker(r)));

        private void Each(Action<EventRow> write)
        {
            var (name, type) = _columns[_column++];
            _writer.Column(name, type);
            foreach (var row in _rows)
            {
                write(row);
            }
        }
    }
}
