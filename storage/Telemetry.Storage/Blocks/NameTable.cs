using Telemetry.Streams.State;

namespace Telemetry.Storage.Blocks;

/// <summary>
/// Device and sensor names, each kept once, already in the form a String column of ClickHouse's Native format takes
/// (length, then bytes). Names are at most 64 bytes, so the length is one byte.
/// </summary>
internal sealed class NameTable
{
    private readonly Dictionary<byte[], int> _ids = new(ByteKeyComparer.Instance);
    private readonly Dictionary<byte[], int>.AlternateLookup<ReadOnlySpan<byte>> _lookup;
    private readonly List<byte[]> _encoded = [];

    public NameTable() => _lookup = _ids.GetAlternateLookup<ReadOnlySpan<byte>>();

    public int Count => _encoded.Count;

    public int Intern(ReadOnlySpan<byte> name)
    {
        if (_lookup.TryGetValue(name, out var id))
        {
            return id;
        }

        id = _encoded.Count;
        _encoded.Add(Encode(name));
        _ids.Add(name.ToArray(), id);
        return id;
    }

    /// <summary>Length byte and name. Not to be changed.</summary>
    public byte[] Encoded(int id) => _encoded[id];

    /// <summary>Length byte and name.</summary>
    /// <exception cref="OverflowException">The name is longer than 127 bytes: its length would take two.</exception>
    public static byte[] Encode(ReadOnlySpan<byte> name)
    {
        var encoded = new byte[name.Length + 1];
        encoded[0] = checked((byte)(sbyte)name.Length);
        name.CopyTo(encoded.AsSpan(1));
        return encoded;
    }
}
