using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Simulator.Signals;

namespace Telemetry.Simulator.Devices;

/// <summary>Measures and encodes one publish. One for each thread; its columns are reused.</summary>
internal sealed class BatchEncoder
{
    private static readonly ReadOnlyMemory<byte>[] Names =
        [.. Enumerable.Range(0, SensorKinds.Count).Select(i => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(SensorKinds.Name((SensorKind)i)))];

    [ThreadStatic]
    private static BatchEncoder? _ofThisThread;

    private readonly ArrayBufferWriter<byte> _output = new(512);
    private readonly ReadOnlyMemory<byte>[] _sensors = new ReadOnlyMemory<byte>[SensorKinds.Count];
    private int[] _indexes = [];
    private long[] _times = [];
    private double[] _values = [];

    public static BatchEncoder OfThisThread => _ofThisThread ??= new();

    /// <summary>A batch of a device, its readings numbered from <paramref name="first"/> (from 0) on; valid until the next call.</summary>
    public ReadOnlySpan<byte> Encode(ReadOnlySpan<byte> device, ulong bootId, ulong first, ReadOnlySpan<Measured> readings)
    {
        var count = readings.Length;
        if (_values.Length < count)
        {
            (_indexes, _times, _values) = (new int[count], new long[count], new double[count]);
        }

        Span<int> places = stackalloc int[SensorKinds.Count];
        places.Fill(-1);
        var sensors = 0;
        for (var i = 0; i < count; i++)
        {
            ref var place = ref places[(int)readings[i].Kind];
            if (place < 0)
            {
                place = sensors;
                _sensors[sensors++] = Names[(int)readings[i].Kind];
            }

            (_indexes[i], _times[i], _values[i]) = (place, readings[i].TimeUs, readings[i].Value);
        }

        _output.ResetWrittenCount();
        ReadingBatchWriter.Write(
            _output, device, bootId, first + 1, _sensors.AsSpan(0, sensors),
            _indexes.AsSpan(0, count), _times.AsSpan(0, count), _values.AsSpan(0, count), []);
        return _output.WrittenSpan;
    }
}
