using Telemetry.Contracts.V1;
using System.Buffers;
using Telemetry.Contracts.Readings;
using Telemetry.Streams.Deduplication;

namespace Telemetry.Bridge.Readings;

/// <summary>What one thread needs to judge one publish; pooled, so that a publish allocates nothing.</summary>
internal sealed class IngestWorkspace
{
    private byte[] _payload = new byte[1024];

    public ReadingBatchBuffer Batch { get; } = new();

    public ReadingColumns Columns { get; } = new();

    /// <summary>What a device says of itself, between judging and taking.</summary>
    public CatalogueEntry? Announcement { get; set; }

    public ReadingHashes Hashes { get; } = new();

    public DuplicateRuns Runs { get; } = new();

    public DuplicateStatistics Statistics { get; } = new();

    private ArrayBufferWriter<byte> Encoded { get; } = new(1024);

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

    /// <summary>
    /// Encodes readings [start, start + length) of the columns; valid until the next call. The result may be larger than
    /// <see cref="ReadingLimits.BatchBytesMax"/>: then halves of them are encoded instead.
    /// </summary>
    public ReadOnlySpan<byte> Encode(ReadingBatchVersion version, int start, int length)
    {
        Encoded.ResetWrittenCount();
        var sensors = Columns.Sensors();
        var sequences = Columns.Sequences;
        var ids = new BatchIds(
            Columns.FirstSequence + (ulong)start, sequences.IsEmpty ? [] : sequences.Slice(start, length), Columns.TimesAssigned);
        var indexes = sensors.Length == 1 ? [] : Columns.Indexes.Slice(start, length);
        var times = Columns.Times.Slice(start, length);
        var values = Columns.Values.Slice(start, length);
        var qualities = Columns.Qualities.Slice(start, length);
        if (version == ReadingBatchVersion.V1)
        {
            ReadingBatchWriter.Write(Encoded, Columns.Device, Columns.BootId, ids, sensors, indexes, times, values, qualities);
        }
        else
        {
            ReadingBatchV2Writer.Write(Encoded, Columns.Device, Columns.BootId, ids, sensors, indexes, times, values, qualities);
        }

        return Encoded.WrittenSpan;
    }

    /// <summary>
    /// Calls <paramref name="take"/> with the messages that all readings of the columns become: one, or the few that it takes to
    /// stay within <see cref="ReadingLimits.BatchBytesMax"/>.
    /// </summary>
    public void EncodeAll(ReadingBatchVersion version, Action<ReadOnlySpan<byte>> take) => EncodeRange(version, 0, Columns.Count, take);

    private void EncodeRange(ReadingBatchVersion version, int start, int length, Action<ReadOnlySpan<byte>> take)
    {
        var message = Encode(version, start, length);
        if (message.Length <= ReadingLimits.BatchBytesMax)
        {
            take(message);
            return;
        }

        // The names of all sensors are at most a quarter of the limit, so that two or four parts are enough.
        EncodeRange(version, start, length / 2, take);
        EncodeRange(version, start + (length / 2), length - (length / 2), take);
    }
}
