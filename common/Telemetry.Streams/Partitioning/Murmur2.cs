using System.Buffers.Binary;

namespace Telemetry.Streams.Partitioning;

/// <summary>
/// MurmurHash2 (Austin Appleby, 32 bit, seed 0x9747b28c) exactly as <c>org.apache.kafka.common.utils.Utils.murmur2</c>,
/// so that the journal, Kafka's Java clients and librdkafka's <c>murmur2_random</c> place a key alike.
/// </summary>
public static class Murmur2
{
    private const uint Seed = 0x9747b28c;
    private const uint M = 0x5bd1e995;
    private const int R = 24;

    /// <summary>The hash, signed as in Java.</summary>
    public static int Hash(ReadOnlySpan<byte> data)
    {
        var h = Seed ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var k = BinaryPrimitives.ReadUInt32LittleEndian(data) * M;
            k ^= k >> R;
            h = (h * M) ^ (k * M);
            data = data[4..];
        }

        for (var i = data.Length - 1; i >= 0; i--)
        {
            h ^= (uint)data[i] << (8 * i);
        }

        if (data.Length > 0)
        {
            h *= M;
        }

        h ^= h >> 13;
        h *= M;
        return (int)(h ^ (h >> 15));
    }

    /// <summary>The partition of a key: <c>toPositive(murmur2(key)) % partitions</c>.</summary>
    /// <param name="key">Key; not empty (records without a key have no fixed place).</param>
    /// <param name="partitions">Number of partitions, at least 1.</param>
    public static int Partition(ReadOnlySpan<byte> key, int partitions) => (Hash(key) & int.MaxValue) % partitions;
}
