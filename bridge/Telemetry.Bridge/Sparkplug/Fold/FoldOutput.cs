using System.Globalization;
using System.Text;
using Google.Protobuf;
using Telemetry.Bridge.DeadLetters;
using Telemetry.Bridge.Ingest;
using Telemetry.Bridge.Readings;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts;
using Telemetry.Contracts.V1;
using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>Records to append with the next commit, in order. They carry the time of the message that caused them, so every run makes the same.</summary>
internal sealed class FoldOutput(BridgeOptions options)
{
    /// <summary>
    /// What a dead letter says beside the payload, at most. The record of the publish itself fitted into the log, so a letter with that
    /// much less of the payload fits as well.
    /// </summary>
    private const int LetterHeadBytesMax = 8 * 1024;

    private BridgeOptions _options = options;
    private RecordLayouts _layouts = new(options);

    public List<PublishRecord> Records { get; private set; } = [];

    /// <summary>Bytes of values.</summary>
    public long Bytes { get; private set; }

    /// <summary>True in a replay: what it would write was committed with the records replayed.</summary>
    public bool IsSuppressed { get; set; }

    /// <summary>From now on, values carry the schema ids of these options.</summary>
    public void UseOptions(BridgeOptions changed)
    {
        _options = changed;
        _layouts = new RecordLayouts(changed);
    }

    /// <summary>Takes what was made and begins anew.</summary>
    public List<PublishRecord> Take()
    {
        var taken = Records;
        Records = [];
        Bytes = 0;
        return taken;
    }

    /// <summary>All readings of the columns.</summary>
    public void Readings(IngestWorkspace workspace, long nowMs)
    {
        if (IsSuppressed)
        {
            return;
        }

        var from = Records.Count;
        _layouts.AddRecords(Records, workspace, null, DateTimeOffset.FromUnixTimeMilliseconds(nowMs));
        for (var i = from; i < Records.Count; i++)
        {
            Bytes += Records[i].Value.Length;
        }
    }

    public void Event(DeviceEntry device, DeviceEventKind kind, long timeUs, long nowMs, long figure, string detail) => Add(
        LogTopics.DeviceEvents,
        device.Device,
        _options.DeviceEventSchemaId,
        new DeviceEvent
        {
            Device = Encoding.ASCII.GetString(device.Device),
            Kind = kind,
            TimeUs = timeUs,
            Detail = detail,
            Figure = figure,
            BootId = device.BootId,
        },
        nowMs);

    public void Catalogue(DeviceEntry device, MetricEntry metric, CatalogueEntry entry, long nowMs) => Add(
        LogTopics.Catalogue, [.. device.Device, (byte)'/', .. metric.Sensor], _options.CatalogueSchemaId, entry, nowMs);

    /// <param name="publish">What was refused, whole or in part.</param>
    /// <param name="cause">From <see cref="SparkplugCauses"/>.</param>
    /// <param name="detail">A sentence: what is wrong, where, and what to do.</param>
    /// <param name="metrics">Positions of the metrics concerned; empty: all.</param>
    /// <param name="nowMs">When the message was accepted.</param>
    public void DeadLetter(in RawPublish publish, string cause, string detail, IReadOnlyList<int> metrics, long nowMs)
    {
        if (IsSuppressed)
        {
            return;
        }

        var payload = publish.Payload;
        var bytesMax = Math.Min(_options.DeadLetterPayloadBytesMax, payload.Length <= 64 * 1024 ? payload.Length : payload.Length - LetterHeadBytesMax);
        if (payload.Length > bytesMax)
        {
            detail = string.Create(
                CultureInfo.InvariantCulture, $"{detail} The payload of {payload.Length} bytes is cut here to {bytesMax}.");
            payload = payload[..bytesMax];
        }

        var letter = new DeadLetter
        {
            Payload = UnsafeByteOperations.UnsafeWrap(payload.ToArray()),
            Source = DeadLetterWriter.Short(Encoding.UTF8.GetString(publish.Topic)),
            SourcePartition = -1,
            SourceOffset = -1,
            Cause = cause,
            Detail = detail,
            Stage = DeadLetterWriter.Stage,
            RefusedAtUs = nowMs * 1000,
            ClientId = Encoding.UTF8.GetString(publish.ClientId),
        };
        foreach (var metric in metrics.Take(1000))
        {
            letter.ReadingIndexes.Add((uint)metric);
        }

        var key = publish.Topic[..Math.Min(publish.Topic.Length, DeadLetterWriter.NameCharsMax)].ToArray();
        Add(LogTopics.DeadLetters, key, _options.DeadLetterSchemaId, letter, nowMs);
    }

    private void Add(string topic, byte[] key, int schemaId, IMessage message, long nowMs)
    {
        if (IsSuppressed)
        {
            return;
        }

        var value = FramedMessage.Write(message, schemaId);
        Records.Add(new PublishRecord(topic, key, value, null, nowMs));
        Bytes += value.Length;
    }
}
