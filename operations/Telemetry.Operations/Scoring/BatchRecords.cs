using System.Buffers;
using System.Text;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Simulator.Machines;
using Telemetry.Streams;

namespace Telemetry.Operations.Scoring;

/// <summary>Makes of each reading of a trace the record that the platform would have put on the log for it. One buffer, used again.</summary>
internal sealed class BatchRecords
{
    private const ulong Boot = 1;

    private static readonly ReadOnlyMemory<byte>[] Sensors =
        [.. FleetPlan.SensorNames.Select(name => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(name))];

    private readonly ArrayBufferWriter<byte> _value = new(256);
    private readonly ReadOnlyMemory<byte>[] _sensor = new ReadOnlyMemory<byte>[1];
    private readonly long[] _time = new long[1];
    private readonly double[] _reading = new double[1];
    private long _offset;

    /// <summary>The next record of the partition; valid until the next call.</summary>
    public LogRecord Of(ReadOnlyMemory<byte> device, in TracedReading reading)
    {
        (_sensor[0], _time[0], _reading[0]) = (Sensors[reading.Sensor], reading.EventTimeUs, reading.Value);
        _value.ResetWrittenCount();
        ConfluentFrame.WriteHeader(_value.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
        _value.Advance(ConfluentFrame.HeaderBytes);
        ReadingBatchWriter.Write(_value, device.Span, Boot, reading.Sequence, _sensor, [], _time, _reading, []);
        return new LogRecord(
            LogTopics.Readings, 0, _offset++, reading.ArrivalUs / 1000, device, _value.WrittenMemory, RecordHeaders.Empty);
    }
}
