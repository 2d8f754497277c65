using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Telemetry.Streams.Journal.Maintenance;

/// <summary>
/// Newest offset of each key. Keys are held as 128 bits of their SHA-256 (Kafka's cleaner does the same with MD5): 16 bytes
/// a key whatever its length, and no two keys meet in practice.
/// </summary>
internal sealed class CompactionMap
{
    private readonly Dictionary<UInt128, long> _newest = [];

    public int Count => _newest.Count;

    public void Offer(int partition, ReadOnlySpan<byte> key, long offset) => _newest[Digest(partition, key)] = offset;

    public bool IsNewest(int partition, ReadOnlySpan<byte> key, long offset) =>
        !_newest.TryGetValue(Digest(partition, key), out var newest) || offset >= newest;

    private static UInt128 Digest(int partition, ReadOnlySpan<byte> key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(key, hash);
        return BinaryPrimitives.ReadUInt128LittleEndian(hash) ^ (UInt128)(uint)partition;
    }
}
