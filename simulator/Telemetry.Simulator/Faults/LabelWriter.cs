using System.Buffers;
using System.Text.Json;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Faults;

/// <summary>
/// Appends one JSON object a line for everything the simulator did on purpose:
/// <c>{"kind":"level-shift","device":"press-00042","sensor":"pressure","start_us":..,"end_us":..,"size":-6.1}</c> for faults
/// (size in units of the quiet noise; <c>"sensors":["pressure","flow"]</c> beside the first where one cause touches two),
/// <c>{"kind":"offline","device":..,"start_us":..,"end_us":..,"condition":true}</c> for what happens to a device and is no fault,
/// <c>{"kind":"duplicate","device":..,"boot":..,"first":..,"count":..}</c> for deliveries. Times are those of the device's clock.
/// Each line is one write, so a killed simulator leaves whole lines.
/// </summary>
internal sealed class LabelWriter : ILabels, IDisposable
{
    private readonly Lock _gate = new();
    private readonly FileStream _file;
    private readonly ArrayBufferWriter<byte> _line = new(256);
    private readonly Utf8JsonWriter _json;

    /// <exception cref="IOException">The file cannot be opened for appending.</exception>
    public LabelWriter(string path)
    {
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } directory)
        {
            Directory.CreateDirectory(directory);
        }

        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);
        _json = new Utf8JsonWriter(_line);
    }

    public void Fault(string device, in Fault fault, long firstReadingUs)
    {
        lock (_gate)
        {
            _json.WriteStartObject();
            _json.WriteString("kind", LabelKinds.Name(fault.Kind));
            _json.WriteString("device", device);
            if (fault.Kind != FaultKind.Dropout)
            {
                _json.WriteString("sensor", SensorKinds.Name(fault.Sensor));
            }

            if (fault.Also is { } also)
            {
                _json.WriteStartArray("sensors");
                _json.WriteStringValue(SensorKinds.Name(fault.Sensor));
                _json.WriteStringValue(SensorKinds.Name(also));
                _json.WriteEndArray();
            }

            _json.WriteNumber("start_us", firstReadingUs);
            _json.WriteNumber("end_us", fault.Kind == FaultKind.Spike ? firstReadingUs : fault.EndUs);
            _json.WriteNumber("size", fault.Size);
            EndLine();
        }
    }

    public void Condition(string device, in Condition condition)
    {
        lock (_gate)
        {
            _json.WriteStartObject();
            _json.WriteString("kind", LabelKinds.Name(condition.Kind));
            _json.WriteString("device", device);
            if (condition.Kind == ConditionKind.SensorMissing)
            {
                _json.WriteString("sensor", SensorKinds.Name(condition.Sensor));
            }

            _json.WriteNumber("start_us", condition.StartUs);
            _json.WriteNumber("end_us", condition.EndUs);
            if (condition.BackUs > 0)
            {
                _json.WriteNumber("back_us", condition.BackUs);
            }

            _json.WriteBoolean("condition", true);
            EndLine();
        }
    }

    /// <summary>A delivery that was doubled ("duplicate") or turned round with the next ("out-of-order").</summary>
    public void Delivery(string kind, string device, ulong bootId, ulong firstSequence, int count)
    {
        lock (_gate)
        {
            _json.WriteStartObject();
            _json.WriteString("kind", kind);
            _json.WriteString("device", device);
            _json.WriteString("boot", bootId.ToString(System.Globalization.CultureInfo.InvariantCulture));
            _json.WriteNumber("first", firstSequence);
            _json.WriteNumber("count", count);
            EndLine();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _json.Dispose();
            _file.Dispose();
        }
    }

    private void EndLine()
    {
        _json.WriteEndObject();
        _json.Flush();
        _line.Write("\n"u8);
        _file.Write(_line.WrittenSpan);
        _line.ResetWrittenCount();
        _json.Reset();
    }
}
