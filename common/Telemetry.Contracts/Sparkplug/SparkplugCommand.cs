using Google.Protobuf;

namespace Telemetry.Contracts.Sparkplug;

/// <summary>
/// NCMD and DCMD of a host: one metric by its name, because a host may not know the alias of now; the send time, no seq; QoS 0, not
/// retained. [tck-id-topics-ncmd-topic, tck-id-topics-dcmd-topic, tck-id-payloads-ncmd-seq, tck-id-payloads-dcmd-seq]
/// </summary>
public static class SparkplugCommand
{
    /// <summary>The metric that asks an edge node for its births. [tck-id-operational-behavior-data-commands-ncmd-rebirth-name]</summary>
    public const string RebirthMetric = "Node Control/Rebirth";

    // Field numbers of org.eclipse.tahu.protobuf.Payload and its Metric.
    private const int PayloadTimestamp = 1;
    private const int PayloadMetrics = 2;
    private const int MetricName = 1;
    private const int MetricTimestamp = 3;
    private const int MetricDatatype = 4;

    /// <summary><c>spBv1.0/{group}/NCMD/{edge}</c>, or <c>spBv1.0/{group}/DCMD/{edge}/{device}</c>.</summary>
    public static string Topic(string group, string edge, string? device = null) =>
        device is null ? $"spBv1.0/{group}/NCMD/{edge}" : $"spBv1.0/{group}/DCMD/{edge}/{device}";

    /// <summary>The payload, a <c>Payload</c> of Sparkplug B.</summary>
    /// <param name="metric">Name of the metric, as the birth has it.</param>
    /// <param name="value">What to write.</param>
    /// <param name="nowMs">Send time, milliseconds since 1970 UTC.</param>
    public static byte[] Payload(string metric, in SparkplugScalar value, long nowMs)
    {
        using var inner = new MemoryStream();
        using (var output = new CodedOutputStream(inner, leaveOpen: true))
        {
            output.WriteTag(MetricName, WireFormat.WireType.LengthDelimited);
            output.WriteString(metric);
            output.WriteTag(MetricTimestamp, WireFormat.WireType.Varint);
            output.WriteUInt64((ulong)nowMs);
            output.WriteTag(MetricDatatype, WireFormat.WireType.Varint);
            output.WriteUInt32(value.TypeCode);
            value.Write(output);
        }

        using var payload = new MemoryStream();
        using (var output = new CodedOutputStream(payload, leaveOpen: true))
        {
            output.WriteTag(PayloadTimestamp, WireFormat.WireType.Varint);
            output.WriteUInt64((ulong)nowMs);
            output.WriteTag(PayloadMetrics, WireFormat.WireType.LengthDelimited);
            output.WriteBytes(ByteString.CopyFrom(inner.ToArray()));
        }

        return payload.ToArray();
    }
}
