namespace Telemetry.SchemaRegistry.Shapes;

/// <summary>Type and label of a field.</summary>
/// <param name="Type">A scalar's name, or that of an enum or message.</param>
/// <param name="IsRepeated">True: repeated.</param>
internal readonly record struct ProtoField(string Type, bool IsRepeated)
{
    /// <summary>
    /// Types that may take each other's place, with the same meaning for values that fit. Source:
    /// https://protobuf.dev/programming-guides/proto3/#updating
    /// </summary>
    public bool IsWireCompatible(ProtoField other) => IsRepeated == other.IsRepeated && Family(Type) == Family(other.Type);

    private static string Family(string type) => type switch
    {
        "int32" or "uint32" or "int64" or "uint64" or "bool" => "varint",
        "sint32" or "sint64" => "zigzag",
        "fixed32" or "sfixed32" => "fixed32",
        "fixed64" or "sfixed64" => "fixed64",
        "string" or "bytes" => "bytes",

        // An enum or message keeps its own name, however its package is written.
        _ => type[(type.LastIndexOf('.') + 1)..],
    };
}
