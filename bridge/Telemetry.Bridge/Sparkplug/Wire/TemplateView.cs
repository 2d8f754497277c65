using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>A <c>Payload.Template</c>, read where it lies.</summary>
internal readonly ref struct TemplateView
{
    private const int MetricsField = 2;

    private readonly ReadOnlySpan<byte> _bytes;

    private TemplateView(ReadOnlySpan<byte> bytes, bool isDefinition)
    {
        _bytes = bytes;
        IsDefinition = isDefinition;
    }

    /// <summary>True: it says what instances look like and carries no values.</summary>
    public bool IsDefinition { get; }

    /// <summary>False: not Protobuf.</summary>
    public static bool TryRead(ReadOnlySpan<byte> bytes, out TemplateView template)
    {
        template = default;
        var reader = new ProtobufReader(bytes);
        var isDefinition = false;
        while (!reader.AtEnd)
        {
            if (!reader.TryReadTag(out var field, out var type))
            {
                return false;
            }

            if ((field, type) == (5, WireType.Varint))
            {
                if (!reader.TryReadVarint(out var bits))
                {
                    return false;
                }

                isDefinition = bits != 0;
            }
            else if (!reader.TrySkip(field, type))
            {
                return false;
            }
        }

        template = new TemplateView(bytes, isDefinition);
        return true;
    }

    public MetricEnumerator GetEnumerator() => new(_bytes, MetricsField);
}
