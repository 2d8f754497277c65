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

    /// <summary>Longest topic and client identifier kept; MQTT allows 64 KiB of each, and a record has its limit.</summary>
    public const int NameCharsMax = 1024;

    /// <summary>The framed value for the log.</summary>
    /// <param name="publish">What was refused, whole or in part.</param>
    /// <param name="refusal">Why.</param>
    /// <param name="part">Its readings when some of them were taken; null when it was refused whole.</param>
    /// <param name="nowUs">When, microseconds since 1970.</param>
    /// <param name="options">Schema id.</param>
    /// <param name="payloadBytesMax">Most bytes of the payload kept.</param>
    public static byte[] Write(
        in IngestPublish publish, Refusal refusal, ReadingColumns? part, long nowUs, BridgeOptions options, int payloadBytesMax)
    {
        var payload = publish.Payload;
        var detail = refusal.Detail;
        if (part is not null)
        {
            detail = string.Create(
                CultureInfo.InvariantCulture, $"{part.RefusedCount} of {part.Count} readings were refused, the others taken. {detail}");
        }

        if (payload.Length > payloadBytesMax)
        {
            detail = string.Create(
                CultureInfo.InvariantCulture, $"{detail} The payload of {payload.Length} bytes is cut here to {payloadBytesMax}.");
            payload = payload[..payloadBytesMax];
        }

        var letter = new DeadLetter
        {
            Payload = UnsafeByteOperations.UnsafeWrap(payload.ToArray()),
            Source = Short(Encoding.UTF8.GetString(publish.TopicName)),
            SourcePartition = -1,
            SourceOffset = -1,
            Cause = refusal.Cause,
            Detail = detail,
            Stage = Stage,
            RefusedAtUs = nowUs,
            ClientId = Short(publish.ClientId),
            TraceId = TraceParent.Id(publish.TraceParent),
        };
        for (var i = 0; part is not null && i < part.Count; i++)
        {
            if (part.IsRefused(i))
            {
                letter.ReadingIndexes.Add((uint)i);
            }
        }

        return FramedMessage.Write(letter, options.DeadLetterSchemaId);
    }

    /// <summary>A letter made here, with less of its payload.</summary>
    public static byte[] Cut(byte[] value, int payloadBytesMax)
    {
        ConfluentFrame.TryRead(value, out var schemaId, out var message);
        var letter = DeadLetter.Parser.ParseFrom(message.Span);
        letter.Detail = string.Create(
            CultureInfo.InvariantCulture, $"{letter.Detail} The payload is cut here to {Math.Min(payloadBytesMax, letter.Payload.Length)} bytes.");
        letter.Payload = UnsafeByteOperations.UnsafeWrap(letter.Payload.Memory[..Math.Min(payloadBytesMax, letter.Payload.Length)]);
        return FramedMessage.Write(letter, schemaId);
    }

    internal static string Short(string text) => text.Length <= NameCharsMax ? text : text[..NameCharsMax];
}
