using System.Buffers.Binary;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>
/// An array of numbers in a metric's bytes: packed little-endian; of booleans a little-endian count of 32 bits and then bits, the first in
/// the highest. (The float, double, Int8 and DateTime examples of the 3.0.0 text have another byte order and are errata.)
/// </summary>
internal readonly ref struct ArrayValue
{
    private readonly ReadOnlySpan<byte> _bytes;
    private readonly SparkplugType _type;
    private readonly int _itemBytes;

    private ArrayValue(SparkplugType type, ReadOnlySpan<byte> bytes, int itemBytes, int count)
    {
        _bytes = bytes;
        (_type, _itemBytes, Count) = (type, itemBytes, count);
    }

    public int Count { get; }

    public double this[int index]
    {
        get
        {
            if (_type == SparkplugType.BooleanArray)
            {
                return (_bytes[index / 8] >> (7 - (index % 8))) & 1;
            }

            var item = _bytes.Slice(index * _itemBytes, _itemBytes);
            return _type switch
            {
                SparkplugType.Int8Array => unchecked((sbyte)item[0]),
                SparkplugType.Int16Array => BinaryPrimitives.ReadInt16LittleEndian(item),
                SparkplugType.Int32Array => BinaryPrimitives.ReadInt32LittleEndian(item),
                SparkplugType.Int64Array or SparkplugType.DateTimeArray => BinaryPrimitives.ReadInt64LittleEndian(item),
                SparkplugType.UInt8Array => item[0],
                SparkplugType.UInt16Array => BinaryPrimitives.ReadUInt16LittleEndian(item),
                SparkplugType.UInt32Array => BinaryPrimitives.ReadUInt32LittleEndian(item),
                SparkplugType.UInt64Array => BinaryPrimitives.ReadUInt64LittleEndian(item),
                SparkplugType.FloatArray => BinaryPrimitives.ReadSingleLittleEndian(item),
                _ => BinaryPrimitives.ReadDoubleLittleEndian(item),
            };
        }
    }

    /// <summary>False: the length is not that of such an array. Checked before anything is made of it.</summary>
    public static bool TryOpen(SparkplugType type, ReadOnlySpan<byte> bytes, out ArrayValue array)
    {
        array = default;
        if (type == SparkplugType.BooleanArray)
        {
            if (!BinaryPrimitives.TryReadUInt32LittleEndian(bytes, out var count) || (count + 7UL) / 8 != (ulong)(bytes.Length - sizeof(uint)))
            {
                return false;
            }

            array = new ArrayValue(type, bytes[sizeof(uint)..], 0, (int)count);
            return true;
        }

        var size = type switch
        {
            SparkplugType.Int8Array or SparkplugType.UInt8Array => 1,
            SparkplugType.Int16Array or SparkplugType.UInt16Array => 2,
            SparkplugType.Int32Array or SparkplugType.UInt32Array or SparkplugType.FloatArray => 4,
            SparkplugType.Int64Array or SparkplugType.UInt64Array or SparkplugType.DoubleArray or SparkplugType.DateTimeArray => 8,
            _ => 0,
        };
        if (size == 0 || bytes.Length % size != 0)
        {
            return false;
        }

        array = new ArrayValue(type, bytes, size, bytes.Length / size);
        return true;
    }
}
