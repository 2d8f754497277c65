using System.Buffers;
using Telemetry.Contracts.Readings;

namespace Telemetry.Bridge.Readings;

/// <summary>What one thread needs to judge one publish; pooled, so that a publish allocates nothing.</summary>
internal sealed class IngestWorkspace
{
    private byte[] _payload = new byte[1024];

    public ReadingBatchBuffer Batch { get; } = new();

    public ReadingColumns Columns { get; } = new();

    public ArrayBufferWriter<byte> Encoded { get; } = new(1024);

    /// <summary>A copy that outlives the caller's span, for the decoder.</summary>
    public ReadOnlyMemory<byte> Copy(ReadOnlySpan<byte> payload)
    {
        if (_payload.Length < payload.Length)
        {
            _payload = new byte[Math.Min(ReadingLimits.BatchBytesMax, (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)payload.Length))];
        }

        payload.CopyTo(_payload);
        return _payload.AsMemory(0, payload.Length);
    }

    /// <summary>Encodes readings [start, start + length) of the columns in version 1; valid until the next call.</summary>
    public ReadOnlySpan<byte> Encode(int start, int length) => Encode(start, length, ReadingBatchWriter.Write);

    /// <summary>As <see cref="Encode(int, int)"/>, in version 2.</summary>
    public ReadOnlySpan<byte> EncodeV2(int start, int length) => Encode(start, length, ReadingBatchV2Writer.Write);

    private ReadOnlySpan<byte> Encode(int start, int length, BatchWriter write)
    {
        Encoded.ResetWrittenCount();
        var sensors = Columns.Sensors();
        write(
            Encoded,
            Columns.Device,
            Columns.BootId,
            Columns.FirstSequence + (ulong)start,
            sensors,
            sensors.Length == 1 ? [] : Columns.Indexes.Slice(start, length),
            Columns.Times.Slice(start, length),
            Columns.Values.Slice(start, length),
            Columns.Qualities.Slice(start, length));
        return Encoded.WrittenSpan;
    }

    private delegate int BatchWriter(
        IBufferWriter<byte> output,
        ReadOnlySpan<byte> device,
        ulong bootId,
        ulong firstSequence,
        ReadOnlySpan<ReadOnlyMemory<byte>> sensors,
        ReadOnlySpan<int> sensorIndexes,
        ReadOnlySpan<long> eventTimes,
        ReadOnlySpan<double> values,
        ReadOnlySpan<Quality> qualities);
}
