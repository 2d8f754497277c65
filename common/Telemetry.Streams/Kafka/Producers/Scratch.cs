using Confluent.Kafka;

namespace Telemetry.Streams.Kafka.Producers;

/// <summary>
/// Arrays of exact length for librdkafka, which copies them at once: one for each length and thread, so that records of
/// usual size cost no allocation.
/// </summary>
internal sealed class Scratch
{
    private const int LengthMax = 1024;

    [ThreadStatic]
    private static Scratch? _current;

    private readonly byte[]?[] _keys = new byte[LengthMax + 1][];
    private readonly byte[]?[] _values = new byte[LengthMax + 1][];

    public static Scratch Current => _current ??= new Scratch();

    public Message<byte[]?, byte[]?> Message { get; } = new();

    /// <returns>Null when there is none.</returns>
    public byte[]? Key(ReadOnlySpan<byte> key)
    {
        if (key.IsEmpty)
        {
            return null;
        }

        var array = Array(_keys, key.Length);
        key.CopyTo(array);
        return array;
    }

    /// <returns>Null when there is none: Kafka's tombstone.</returns>
    public byte[]? Value(ReadOnlySpan<byte> head, ReadOnlySpan<byte> tail)
    {
        if (head.Length + tail.Length == 0)
        {
            return null;
        }

        var array = Array(_values, head.Length + tail.Length);
        head.CopyTo(array);
        tail.CopyTo(array.AsSpan(head.Length));
        return array;
    }

    private static byte[] Array(byte[]?[] kept, int length) =>
        length <= LengthMax ? kept[length] ??= new byte[length] : new byte[length];
}
