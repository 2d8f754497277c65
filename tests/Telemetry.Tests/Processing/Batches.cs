using System.Buffers;
using System.Text;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.Streams;
using Telemetry.Streams.Deletion;
using Telemetry.Streams.Pauses;

namespace Telemetry.Tests.Processing;

/// <summary>Makes records of readings.</summary>
internal static class Batches
{
    public const long StartMs = 1_700_000_000_000;

    public static LogRecord Record(long offset, long timeMs, byte[] value) => new(
        "readings", 0, offset, timeMs, ReadOnlyMemory<byte>.Empty, value, RecordHeaders.Empty);

    /// <summary>A record that says that time has passed.</summary>
    public static LogRecord Tick(long offset, long timeMs, long watchedSinceMs) => new(
        "readings", 0, offset, timeMs, ReadOnlyMemory<byte>.Empty, ReadOnlyMemory<byte>.Empty,
        PassingTime.Record(new TopicPartition("readings", 0), timeMs, watchedSinceMs).Headers!);

    /// <summary>The order to delete a device's data.</summary>
    public static LogRecord Deletion(long offset, long timeMs, string device) => new(
        "readings", 0, offset, timeMs, Encoding.UTF8.GetBytes(device), default, new DeviceDeletion(device, "ann").ToHeaders());

    /// <summary>One sensor, event times one second apart, the last at <paramref name="eventMs"/>.</summary>
    public static byte[] Of(string device, ulong boot, ulong first, long eventMs, params double[] values) =>
        Of(device, boot, first, ["temperature"], new int[values.Length], Times(eventMs, values.Length), values, []);

    public static byte[] Of(
        string device, ulong boot, ulong first, string[] sensors, int[] indexes, long[] times, double[] values, Quality[] qualities)
    {
        var output = new ArrayBufferWriter<byte>();
        ConfluentFrame.WriteHeader(output.GetSpan(ConfluentFrame.HeaderBytes), SchemaIds.ReadingBatch);
        output.Advance(ConfluentFrame.HeaderBytes);
        ReadingBatchWriter.Write(
            output,
            Encoding.ASCII.GetBytes(device),
            boot,
            first,
            [.. sensors.Select(s => (ReadOnlyMemory<byte>)Encoding.ASCII.GetBytes(s))],
            indexes,
            times,
            values,
            qualities);
        return output.WrittenSpan.ToArray();
    }

    private static long[] Times(long lastMs, int count) =>
        [.. Enumerable.Range(0, count).Select(i => (lastMs - ((count - 1 - i) * 1000L)) * 1000)];
}
