using System.Text;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Json;
using Telemetry.Bridge.Readings;
using Telemetry.Contracts;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Replay;

/// <summary>How letters are replayed.</summary>
public sealed record ReplayOptions
{
    /// <summary>
    /// True: what can be mended is: a reading's event time outside what is taken becomes the time of the refusal, with quality
    /// uncertain; a batch that names another device than its topic gets the topic's; readings with the ids of others get new ones.
    /// </summary>
    public bool Fix { get; init; }

    /// <summary>Payload instead of the original one, for a single letter; null keeps the original.</summary>
    public ReadOnlyMemory<byte>? Payload { get; init; }
}

/// <summary>What a letter becomes: publishes for the bridge to judge again, or a reason why it cannot become anything.</summary>
/// <param name="Topic">MQTT topic of the publishes.</param>
/// <param name="Payloads">Usually one; a few where one would be too large.</param>
/// <param name="Problem">Null, or a sentence for people.</param>
internal sealed record ReplayPlan(string Topic, IReadOnlyList<ReadOnlyMemory<byte>> Payloads, string? Problem)
{
    private const string StageStorage = "storage";
    private const string Conflict = "conflict";

    public static ReplayPlan Of(DeadLetterEntry entry, ReplayOptions how, BridgeOptions options, DateTimeOffset now)
    {
        var letter = entry.Letter;
        if (letter is { Stage: StageStorage, Cause: "ambiguous-duplicate" })
        {
            return No("It is not known whether these readings are stored already; replaying them could count them twice. Look for their boot and sequence in the readings table.");
        }

        if (letter is { Stage: StageStorage, Cause: Conflict } && how is { Fix: false, Payload: null })
        {
            return No("Its readings carry the ids of other readings, which are stored, and would be refused again. With --fix they get new ids.");
        }

        if (letter.Detail.Contains(" is cut here to ", StringComparison.Ordinal) && how.Payload is null)
        {
            return No("The letter holds only the beginning of the payload. Give the whole with --payload FILE.");
        }

        var payload = how.Payload ?? letter.Payload.Memory;
        if (letter.SourcePartition < 0)
        {
            return new IngestTopics(options.Topics).TryParse(Encoding.UTF8.GetBytes(letter.Source), out var device, out var sensor, out var shape)
                ? Readings(letter, how, options, now, payload, letter.Source, new() { Device = device, Sensor = sensor, Shape = shape })
                : No($"Its topic {letter.Source} belongs to no format, so nothing can be made of it.");
        }

        if (letter.Source != LogTopics.Readings)
        {
            return No($"Only readings can be replayed, and this is a record of {letter.Source}.");
        }

        // From the log: the key is the device, and the value has a header in front of the batch.
        if (!ReadingNames.IsDevice(DeviceOf(entry)))
        {
            return No("The record has no device as its key, so it cannot be told whose readings these are.");
        }

        if (how.Payload is null)
        {
            if (!ConfluentFrame.TryRead(payload, out _, out var message))
            {
                return No("The record is not in Confluent wire format. Give its batch with --payload FILE.");
            }

            payload = message;
        }

        var topic = $"telemetry/v1/{Encoding.ASCII.GetString(DeviceOf(entry))}/readings";
        return Readings(letter, how, options, now, payload, topic, new() { Device = DeviceOf(entry) });
    }

    /// <summary>Storage keys its letters by device; processing by topic, but names the device nowhere else than in the batch.</summary>
    private static ReadOnlySpan<byte> DeviceOf(DeadLetterEntry entry)
    {
        if (entry.Letter.Stage == StageStorage)
        {
            return entry.Key.Span;
        }

        var batch = new ReadingBatchBuffer();
        return ConfluentFrame.TryRead(entry.Letter.Payload.Memory, out _, out var message) && batch.TryDecode(message, out _)
            ? batch.Device
            : default;
    }

    private static ReplayPlan Readings(
        DeadLetter letter,
        ReplayOptions how,
        BridgeOptions options,
        DateTimeOffset now,
        ReadOnlyMemory<byte> payload,
        string topic,
        in TopicMeaning meaning)
    {
        if (!how.Fix && letter.ReadingIndexes.Count == 0)
        {
            return new ReplayPlan(topic, [payload], null);
        }

        var workspace = new IngestWorkspace();
        var columns = workspace.Columns;
        if (Decode(payload, meaning, letter.RefusedAtUs, workspace) is { } refusal)
        {
            return No(refusal.Detail);
        }

        if (columns.BootId == 0)
        {
            return letter.ReadingIndexes.Count == 0
                ? new ReplayPlan(topic, [payload], null)
                : No("Readings without ids of their own cannot be told from those of the same payload that were stored. Give the rest with --payload FILE.");
        }

        if (how.Fix)
        {
            columns.SetDevice(meaning.Device);
            columns.MoveTimes(EventTimeWindow.Around(now, options), letter.RefusedAtUs);
        }

        if (letter.ReadingIndexes.Count > 0)
        {
            KeepOnly(letter.ReadingIndexes, columns);
        }

        var problem = columns.FirstRefusal;
        if (columns.RefusedCount == columns.Count)
        {
            return No(problem?.Detail ?? "There is no reading in it.");
        }

        if (letter is { Stage: StageStorage, Cause: Conflict } && how.Payload is null)
        {
            columns.NumberGood(AssignedBootId.Create(), 1);
        }

        columns.DropRefused();
        var payloads = new List<ReadOnlyMemory<byte>>();
        workspace.EncodeAll(ReadingBatchVersion.V1, message => payloads.Add(message.ToArray()));
        return new ReplayPlan(topic, payloads, null);
    }

    private static Refusal? Decode(ReadOnlyMemory<byte> payload, in TopicMeaning topic, long refusedAtUs, IngestWorkspace workspace)
    {
        if (PublishJudge.IsJson(new IngestPublish { TopicName = default, Payload = payload.Span, ClientId = "" })
            || topic.Shape.Takes(PayloadShapes.Value))
        {
            var source = new JsonSource { Device = topic.Device, Sensor = topic.Sensor, Shape = topic.Shape, NowUs = refusedAtUs };
            return JsonReadings.Read(payload.Span, source, workspace.Columns);
        }

        if (!workspace.Batch.TryDecode(payload, out var error))
        {
            return Refusal.Of(error, workspace.Batch);
        }

        workspace.Columns.CopyFrom(workspace.Batch);
        return null;
    }

    /// <summary>The other readings of the batch were taken the first time.</summary>
    private static void KeepOnly(IReadOnlyList<uint> indexes, ReadingColumns columns)
    {
        var taken = new Refusal(default, "taken", "These readings were taken the first time.");
        var kept = indexes.ToHashSet();
        for (var i = 0; i < columns.Count; i++)
        {
            if (!kept.Contains((uint)i))
            {
                columns.Refuse(i, taken);
            }
        }
    }

    private static ReplayPlan No(string problem) => new("", [], problem);
}
