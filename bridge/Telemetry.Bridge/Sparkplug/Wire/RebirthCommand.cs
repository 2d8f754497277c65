using Google.Protobuf;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>
/// The command that asks an edge node for its births: NCMD with the one metric <c>Node Control/Rebirth</c>, Boolean true, by name because it
/// never has an alias, the send time, and no seq. [tck-id-operational-behavior-data-commands-ncmd-rebirth-name, -value, tck-id-payloads-ncmd-seq]
/// </summary>
internal static class RebirthCommand
{
    private const string Metric = "Node Control/Rebirth";

    /// <summary><c>spBv1.0/{group}/NCMD/{edge}</c>. [tck-id-topics-ncmd-topic]</summary>
    public static string Topic(string group, string edge) => $"spBv1.0/{group}/NCMD/{edge}";

    /// <summary>The payload.</summary>
    /// <param name="nowMs">Send time, milliseconds since 1970 UTC.</param>
    public static byte[] Payload(long nowMs)
    {
        using var metric = new MemoryStream();
        using (var output = new CodedOutputStream(metric, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.LengthDelimited);
            output.WriteString(Metric);
            output.WriteTag(3, WireFormat.WireType.Varint);
            output.WriteUInt64((ulong)nowMs);
            output.WriteTag(4, WireFormat.WireType.Varint);
            output.WriteUInt32((uint)SparkplugType.Boolean);
            output.WriteTag(14, WireFormat.WireType.Varint);
            output.WriteBool(true);
        }

        using var payload = new MemoryStream();
        using (var output = new CodedOutputStream(payload, leaveOpen: true))
        {
            output.WriteTag(1, WireFormat.WireType.Varint);
            output.WriteUInt64((ulong)nowMs);
            output.WriteTag(2, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(metric.ToArray()));
        }

        return payload.ToArray();
    }
}
