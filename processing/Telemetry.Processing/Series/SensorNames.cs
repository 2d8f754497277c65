using Telemetry.Streams.State;

namespace Telemetry.Processing.Series;

/// <summary>One array for each sensor name that many devices share; names beyond the bound get arrays of their own.</summary>
internal sealed class SensorNames
{
    private const int NamesMax = 16_384;

    private readonly Dictionary<byte[], byte[]>.AlternateLookup<ReadOnlySpan<byte>> _names =
        new Dictionary<byte[], byte[]>(ByteKeyComparer.Instance).GetAlternateLookup<ReadOnlySpan<byte>>();

    public byte[] Intern(ReadOnlySpan<byte> name)
    {
        if (_names.TryGetValue(name, out var interned))
        {
            return interned;
        }

        interned = name.ToArray();
        if (_names.Dictionary.Count < NamesMax)
        {
            _names.Dictionary.Add(interned, interned);
        }

        return interned;
    }
}
