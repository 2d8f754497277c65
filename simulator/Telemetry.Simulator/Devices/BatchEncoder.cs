using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Simulator.Machines;
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

    /// <summary>
    /// Readings <paramref name="first"/> to first + count - 1 of a device (numbered from 0), the last of them
    /// measured at <paramref name="nowUs"/>; valid until the next call.
    /// </summary>
    public ReadOnlySpan<byte> Encode(
        Machine machine, ReadOnlySpan<byte> device, ulong bootId, ulong first, int count, long nowUs, long spacingUs, ref long lastTimeUs)
    {
        if (_values.Length < count)
        {
            (_indexes, _times, _values) = (new int[count], new long[count], new double[count]);
        }

        Span<int> places = stackalloc int[SensorKinds.Count];
        places.Fill(-1);
        var sensors = 0;
        for (var i = 0; i < count; i++)
        {
            var kind = machine.SensorAt(first + (ulong)i);
            ref var place = ref places[(int)kind];
            if (place < 0)
            {
                place = sensors;
                _sensors[sensors++] = Names[(int)kind];
            }

            lastTimeUs = Math.Max(lastTimeUs + 1, nowUs - ((count - 1 - i) * spacingUs));
            _indexes[i] = place;
            _times[i] = lastTimeUs - machine.BackUs;
            _values[i] = machine.Next(kind, lastTimeUs);
        }

        _output.ResetWrittenCount();
        ReadingBatchWriter.Write(
            _output, device, bootId, first + 1, _sensors.AsSpan(0, sensors),
            _indexes.AsSpan(0, count), _times.AsSpan(0, count), _values.AsSpan(0, count), []);
        return _output.WrittenSpan;
    }
}
