using System.Text.Unicode;
using Telemetry.Bridge.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts.Measurement;
using Telemetry.Contracts.Readings;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Ingest;

/// <summary>What a payload turned out to be.</summary>
internal enum PayloadKind
{
    /// <summary>A Protobuf batch with nothing to object to, in the workspace's buffer: it may go on byte for byte.</summary>
    WholeBatch,

    /// <summary>Readings in the workspace's columns, some of them perhaps refused.</summary>
    Columns,
}

/// <summary>
/// From the bytes of a publish to readings or a refusal. Knows nothing of the log. Whatever the bytes are, it ends in time that their
/// number bounds.
/// </summary>
internal sealed class PublishJudge(BridgeOptions options)
{
    private static readonly Refusal DeviceMismatch = new(
        IngestOutcome.RejectedPayload,
        "device-mismatch",
        "The payload names another device than the topic. A device publishes to telemetry/v1/{device}/readings with its own id.");

    private readonly Refusal _jsonTooLarge = new(
        IngestOutcome.RejectedPayload, "too-large", $"The JSON is larger than {options.JsonBytesMax} bytes. Send smaller batches.");

    /// <summary>
    /// By content type; with another one or none, JSON when the first byte that is no white space and no byte order mark is '{' or '['.
    /// As the first byte of Protobuf either would begin a group, which no released schema has.
    /// </summary>
    public static bool IsJson(in IngestPublish publish)
    {
        if (publish.ContentType.StartsWith("application/json"u8))
        {
            return true;
        }

        if (IsProtobuf(publish.ContentType))
        {
            return false;
        }

        var text = JsonText.WithoutMark(publish.Payload);
        var first = text.IndexOfAnyExcept(" \t\r\n"u8);
        return first >= 0 && text[first] is (byte)'{' or (byte)'[';
    }

    /// <summary>Null when there is something to store, and then what it is.</summary>
    public Refusal? Judge(
        in IngestPublish publish, in TopicMeaning topic, IngestWorkspace workspace, DateTimeOffset now, out PayloadKind kind)
    {
        kind = PayloadKind.Columns;
        if (IsJson(publish))
        {
            return JudgeJson(publish, topic, workspace, now);
        }

        // A bare number may begin like Protobuf; on a topic of bare numbers it is one unless the sender says otherwise.
        if (topic.Shape.Takes(PayloadShapes.Value) && !IsProtobuf(publish.ContentType) && LooksLikeText(publish.Payload))
        {
            return JudgeJson(publish, topic, workspace, now);
        }

        var refusal = JudgeProtobuf(publish, topic, workspace, now, out kind);
        if (refusal is not { Cause: "malformed-payload" or "empty" or "bad-device" }
            || IsProtobuf(publish.ContentType) || !LooksLikeText(publish.Payload))
        {
            return refusal;
        }

        // Text that is no Protobuf: its sender meant JSON, and wants to hear what is wrong with that.
        return JudgeJson(publish, topic, workspace, now) ?? refusal;
    }

    private static bool IsProtobuf(ReadOnlySpan<byte> contentType) =>
        contentType.StartsWith("application/x-protobuf"u8) || contentType.StartsWith("application/protobuf"u8);

    private static bool LooksLikeText(ReadOnlySpan<byte> payload) =>
        !payload.IsEmpty && payload.IndexOfAnyInRange((byte)0, (byte)8) < 0 && (Utf8.IsValid(payload) || JsonText.IsWide(payload));

    private Refusal? JudgeProtobuf(
        in IngestPublish publish, in TopicMeaning topic, IngestWorkspace workspace, DateTimeOffset now, out PayloadKind kind)
    {
        kind = PayloadKind.WholeBatch;
        if (publish.Payload.Length > ReadingLimits.BatchBytesMax)
        {
            return Refusal.Of(ReadingBatchError.TooLarge);
        }

        var batch = workspace.Batch;
        if (!batch.TryDecode(workspace.Copy(publish.Payload), out var error))
        {
            return Refusal.Of(error, batch);
        }

        if (options.RequireCount && !batch.SaysCount)
        {
            return Refusal.Of(ReadingBatchError.CountMissing);
        }

        if (!batch.Device.SequenceEqual(topic.Device))
        {
            return DeviceMismatch;
        }

        var window = EventTimeWindow.Around(now, options);
        if (window.HoldsAll(batch.EventTimes))
        {
            return null;
        }

        kind = PayloadKind.Columns;
        workspace.Columns.CopyFrom(batch);
        window.RefuseOthers(workspace.Columns);
        return WholeRefusal(workspace.Columns);
    }

    private Refusal? JudgeJson(in IngestPublish publish, in TopicMeaning topic, IngestWorkspace workspace, DateTimeOffset now)
    {
        if (publish.Payload.Length > options.JsonBytesMax)
        {
            return _jsonTooLarge;
        }

        var columns = workspace.Columns;
        var source = new JsonSource
        {
            Device = topic.Device, Sensor = topic.Sensor, Shape = topic.Shape, NowUs = UnixMicros.From(now),
        };
        if (JsonReadings.Read(publish.Payload, source, columns) is { } refusal)
        {
            return refusal;
        }

        if (!columns.Device.SequenceEqual(topic.Device))
        {
            return DeviceMismatch;
        }

        EventTimeWindow.Around(now, options).RefuseOthers(columns);
        return WholeRefusal(columns);
    }

    /// <summary>The first refusal when no reading is good.</summary>
    private static Refusal? WholeRefusal(ReadingColumns columns) => columns.RefusedCount == columns.Count ? columns.FirstRefusal : null;
}
