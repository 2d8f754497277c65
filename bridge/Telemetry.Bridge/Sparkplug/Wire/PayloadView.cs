using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>Why bytes are no payload that can be taken.</summary>
internal enum PayloadFault
{
    None = 0,

    /// <summary>Not Protobuf: a length, tag, wire type or variable-length integer is wrong or cut off.</summary>
    Malformed,

    /// <summary>More metrics than the limit.</summary>
    TooManyMetrics,
}

/// <summary>
/// A Sparkplug payload, read where it lies: no object is made of it, so what a message costs is bounded by its bytes. (Generated classes
/// would take 150 bytes and more for a metric that a sender writes in two.)
/// </summary>
internal readonly ref struct PayloadView
{
    private const int MetricsField = 2;

    private readonly ReadOnlySpan<byte> _bytes;

    private PayloadView(ReadOnlySpan<byte> bytes) => _bytes = bytes;

    /// <summary>Send time, milliseconds since 1970 UTC.</summary>
    public ulong Timestamp { get; private init; }

    public bool HasTimestamp { get; private init; }

    public ulong Seq { get; private init; }

    public bool HasSeq { get; private init; }

    public int MetricCount { get; private init; }

    /// <summary>Reads everything once and says whether all of it is Protobuf; after that <see cref="GetEnumerator"/> cannot fail.</summary>
    public static PayloadFault TryScan(ReadOnlySpan<byte> bytes, int metricsMax, out PayloadView payload)
    {
        payload = default;
        var reader = new ProtobufReader(bytes);
        var (timestamp, seq, hasTimestamp, hasSeq, metrics) = (0UL, 0UL, false, false, 0);
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type))
            {
                return PayloadFault.Malformed;
            }

            bool read;
            switch (field, type)
            {
                case (1, WireType.Varint):
                    hasTimestamp = true;
                    read = reader.TryReadVarint(out timestamp);
                    break;
                case (MetricsField, WireType.LengthDelimited):
                    read = reader.TryReadBytes(out var metric) && MetricView.TryRead(metric, out _);
                    if (++metrics > metricsMax)
                    {
                        return PayloadFault.TooManyMetrics;
                    }

                    break;
                case (3, WireType.Varint):
                    hasSeq = true;
                    read = reader.TryReadVarint(out seq);
                    break;
                default:
                    read = reader.TrySkip(field, type);
                    break;
            }

            if (!read)
            {
                return PayloadFault.Malformed;
            }
        }

        payload = new PayloadView(bytes)
        {
            Timestamp = timestamp, HasTimestamp = hasTimestamp, Seq = seq, HasSeq = hasSeq, MetricCount = metrics,
        };
        return PayloadFault.None;
    }

    public MetricEnumerator GetEnumerator() => new(_bytes, MetricsField);
}

/// <summary>The metrics of a payload or of a template, in list order. Stops at the first that is not Protobuf.</summary>
internal ref struct MetricEnumerator(ReadOnlySpan<byte> bytes, int field)
{
    private ProtobufReader _reader = new(bytes);
    private MetricView _current;

    public readonly MetricView Current => _current;

    /// <summary>True: it stopped because of what it could not read.</summary>
    public bool IsBroken { get; private set; }

    public bool MoveNext()
    {
        while (!_reader.AtEnd)
        {
            if (!_reader.TryReadTag(out var number, out var type))
            {
                break;
            }

            if (number == field && type == WireType.LengthDelimited)
            {
                if (_reader.TryReadBytes(out var metric) && MetricView.TryRead(metric, out _current))
                {
                    return true;
                }

                break;
            }

            if (!_reader.TrySkip(number, type))
            {
                break;
            }
        }

        IsBroken = !_reader.AtEnd || IsBroken;
        return false;
    }
}
