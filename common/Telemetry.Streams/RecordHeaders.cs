namespace Telemetry.Streams;

/// <summary>Name and value pairs beside a record. Names are not unique; order is kept.</summary>
public sealed class RecordHeaders
{
    /// <summary>No headers.</summary>
    public static readonly RecordHeaders Empty = new([]);

    private readonly KeyValuePair<string, ReadOnlyMemory<byte>>[] _headers;

    public RecordHeaders(KeyValuePair<string, ReadOnlyMemory<byte>>[] headers) => _headers = headers;

    public int Count => _headers.Length;

    public KeyValuePair<string, ReadOnlyMemory<byte>> this[int index] => _headers[index];

    /// <summary>The last value under <paramref name="name"/>, as Kafka clients do.</summary>
    public bool TryGet(string name, out ReadOnlyMemory<byte> value)
    {
        for (var i = _headers.Length - 1; i >= 0; i--)
        {
            if (_headers[i].Key == name)
            {
                value = _headers[i].Value;
                return true;
            }
        }

        value = default;
        return false;
    }
}
