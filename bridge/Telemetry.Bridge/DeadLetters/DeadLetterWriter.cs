using System.Buffers;
using System.Globalization;
using System.Text;
using Google.Protobuf;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.DeadLetters;

/// <summary>Makes the value of a dead letter from a publish. Only refused publishes come here, so it may allocate.</summary>
internal static class DeadLetterWriter
{
    public const string Stage = "bridge";

    private static readonly SearchValues<byte> HexDigits = SearchValues.Create("0123456789abcdef"u8);

    /// <summary>The framed value for the log.</summary>
    /// <param name="publish">What was refused, whole or in part.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="part">Its readings when some of them were taken; null when it was refused whole.</param>
    /// <param name="nowUs">When, microseconds since 1970.</param>
    /// <param name="options">Limits and schema id.</param>
    public static byte[] Write(
        in IngestPublish publish, Refusal refusal, ReadingColumns? part, long nowUs, BridgeOptions options)
    {
        var payload = publish.Payload;
        var detail = refusal.Detail;
        if (part is not null)
        {
            detail = string.Create(
                CultureInfo.InvariantCulture, $"{part.RefusedCount} of {part.Count} readings were refused, the others taken. {detail}");
        }

        if (payload.Length > options.DeadLetterPayloadBytesMax)
        {
            detail = string.Create(
                CultureInfo.InvariantCulture, $"{detail} The payload of {payload.Length} bytes is cut here to {options.DeadLetterPayloadBytesMax}.");
            payload = payload[..options.DeadLetterPayloadBytesMax];
        }

        var letter = new DeadLetter
        {
            Payload = UnsafeByteOperations.UnsafeWrap(payload.ToArray()),
            Source = Encoding.UTF8.GetString(publish.TopicName),
            SourcePartition = -1,
            SourceOffset = -1,
            Cause = refusal.Cause,
            Detail = detail,
            Stage = Stage,
            RefusedAtUs = nowUs,
            ClientId = publish.ClientId,
            TraceId = TraceId(publish.TraceParent),
        };
        for (var i = 0; part is not null && i < part.Count; i++)
        {
            if (part.RefusalOf(i) is not null)
            {
                letter.ReadingIndexes.Add((uint)i);
            }
        }

        var value = new byte[ConfluentFrame.HeaderBytes + letter.CalculateSize()];
        ConfluentFrame.WriteHeader(value, options.DeadLetterSchemaId);
        letter.WriteTo(value.AsSpan(ConfluentFrame.HeaderBytes));
        return value;
    }

    /// <summary>The trace id of a W3C traceparent (version-traceid-parentid-flags), empty when it is not one.</summary>
    private static string TraceId(ReadOnlySpan<byte> traceParent) =>
        traceParent.Length >= 55 && traceParent[2] == '-' && traceParent[35] == '-'
        && !traceParent[3..35].ContainsAnyExcept(HexDigits)
            ? Encoding.ASCII.GetString(traceParent[3..35])
            : "";
}
