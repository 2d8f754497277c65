using Google.Protobuf;
using Telemetry.Contracts;
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
/// <param name="Encode">Writes a block.</param>
internal sealed record EventTable(
    string Topic,
    string Table,
    string CountColumn,
    string Structure,
    Func<ReadOnlyMemory<byte>, IMessage> Parse,
    Func<IMessage, long> TimeOf,
    Action<NativeWriter, IReadOnlyList<EventRow>> Encode)
{
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

    public static readonly EventTable Anomalies = new(
        LogTopics.Anomalies,
        "anomalies",
        "toUInt64(value)",
        AnomalyStructure,
        value => Anomaly.Parser.ParseFrom(value.Span),
        message => ((Anomaly)message).EventTimeUs,
        EncodeAnomalies);

    public static readonly EventTable DeviceEvents = new(
        LogTopics.DeviceEvents,
        "device_events",
        "toUInt64(figure)",
        DeviceEventStructure,
        value => DeviceEvent.Parser.ParseFrom(value.Span),
        message => ((DeviceEvent)message).TimeUs,
        EncodeDeviceEvents);

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
