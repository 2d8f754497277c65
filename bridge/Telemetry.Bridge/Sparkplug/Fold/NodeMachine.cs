using System.Globalization;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>
/// What a message does to its node, and when: the order of numbers, what waits, what is lost. Pure: the node, the message and the time of its acceptance, no
/// clock and no I/O. Chapters 5 and 6 of the Sparkplug 3.0.0 specification, host side.
/// </summary>
internal sealed class NodeMachine(BridgeOptions options, FoldOutput output, FoldCounts counts)
{
    /// <summary>Distances from the expected number that mean "ahead"; above it lie those behind.</summary>
    private const int AheadMax = 127;

    /// <summary>All numbers there are: clocks that differ may make what is new look taken, and nothing may be passed over for ever.</summary>
    private const int CopiesInARowMax = 256;

    private readonly SparkplugOptions _sparkplug = options.Sparkplug;
    private readonly NodeLife _life = new(options, output, counts);

    /// <summary>Takes one message of a node.</summary>
    /// <param name="node">Its node.</param>
    /// <param name="record">The record, for the boot ids of what is met first.</param>
    /// <param name="publish">The message.</param>
    /// <param name="nowMs">When it was accepted.</param>
    public void Take(NodeState node, in LogRecord record, in RawPublish publish, long nowMs)
    {
        if (!SparkplugTopic.TryParse(publish.Topic, out var topic))
        {
            Reject(publish, SparkplugCauses.BadRecord, "The topic is none of a Sparkplug edge node.", nowMs);
            return;
        }

        counts.Messages[(int)topic.Verb]++;
        var fault = PayloadView.TryScan(publish.Payload, _sparkplug.MetricsPerMessageMax, out var payload);
        if (fault != PayloadFault.None)
        {
            var tooMany = fault == PayloadFault.TooManyMetrics;
            Reject(
                publish, tooMany ? SparkplugCauses.TooManyMetrics : SparkplugCauses.Malformed,
                tooMany ? $"The message has more than {_sparkplug.MetricsPerMessageMax} metrics (MetricsPerMessageMax)." : "The payload is no Sparkplug B payload: a tag, length or number is wrong or cut off.", nowMs);
            NodeLife.Want(node, "malformed");
            return;
        }

        switch (topic.Verb)
        {
            case SparkplugVerb.NBirth when IsCopyOfBirth(node, payload):
                counts.Ignore("copy");
                break;
            case SparkplugVerb.NBirth:
                foreach (var message in _life.Birth(node, record, publish, payload, nowMs))
                {
                    TakeOvertaking(node, record, message);
                }

                break;
            case SparkplugVerb.NDeath:
                Death(node, record, payload, nowMs);
                break;
            default:
                Sequenced(node, record, record.Value.Span, publish, topic, payload, nowMs);
                break;
        }

        node.Account();
    }

    /// <summary>Something falls due on the node.</summary>
    public void Expire(NodeState node, in LogRecord record, long nowMs)
    {
        if (node.ReorderDueMs != 0 && node.ReorderDueMs <= nowMs)
        {
            GiveUpGap(node, record, nowMs);
        }

        if (node.BirthsDueMs != 0 && node.BirthsDueMs <= nowMs)
        {
            _life.GiveUpAwaited(node, nowMs);
        }

        node.Account();
    }

    /// <summary>What waited when the birth came: kept when it was sent after the birth and has overtaken it, else of a former epoch.</summary>
    private void TakeOvertaking(NodeState node, in LogRecord record, in WaitingMessage message)
    {
        RawPublish.TryRead(message.Raw, out var publish);
        PayloadView.TryScan(publish.Payload, _sparkplug.MetricsPerMessageMax, out var payload);
        if (node.BirthMs != 0 && payload.HasTimestamp && payload.Timestamp >= node.BirthMs && SparkplugTopic.TryParse(publish.Topic, out var topic))
        {
            Sequenced(node, record, message.Raw, publish, topic, payload, message.TimestampMs);
            return;
        }

        Reject(publish, SparkplugCauses.OldEpoch, "The message was sent before the newest NBIRTH, whose aliases it may not be read with.", message.TimestampMs);
    }

    private void Death(NodeState node, in LogRecord record, in PayloadView payload, long nowMs)
    {
        if (!_life.IsDeathOf(node, payload))
        {
            return;
        }

        if (node.Waiting.Count > 0)
        {
            GiveUpGap(node, record, nowMs);
        }

        _life.Death(node, nowMs);
    }

    private void Sequenced(
        NodeState node, in LogRecord record, ReadOnlySpan<byte> raw, in RawPublish publish, in SparkplugTopic topic, in PayloadView payload,
        long nowMs)
    {
        if (!node.IsOnline)
        {
            Reject(publish, SparkplugCauses.Unborn, "The edge node has sent no NBIRTH since it is known, or has died. It was asked for its births.", nowMs);
            NodeLife.Want(node, "unborn");
            return;
        }

        if (!payload.HasSeq)
        {
            Reject(publish, SparkplugCauses.NoSequence, "The message has no seq, so its place among the others is not known.", nowMs);
            NodeLife.Want(node, "no-seq");
            return;
        }

        var ahead = (byte)(payload.Seq - node.Expected);
        if (ahead > AheadMax)
        {
            Late(node, publish, payload, nowMs);
        }
        else if (ahead > 0)
        {
            Wait(node, record, new WaitingMessage((byte)payload.Seq, raw.ToArray(), nowMs), nowMs);
        }
        else if (IsOfFormerEpoch(node, payload, nowMs))
        {
            Reject(publish, SparkplugCauses.OldEpoch, "The message was sent before the newest NBIRTH, whose aliases it may not be read with.", nowMs);
        }
        else
        {
            node.LateInARow = 0;
            node.Expected++;
            Apply(node, record, publish, topic, payload, nowMs);
            Drain(node, record, nowMs);
        }
    }

    /// <summary>
    /// A birth starts the numbers anew, so a message that was under way may fit by chance. Told by its send time, and only for as long as
    /// messages can be under way: a clock that was set back must not cost more than that.
    /// </summary>
    private bool IsOfFormerEpoch(NodeState node, in PayloadView payload, long nowMs) =>
        node.BirthMs != 0 && payload.HasTimestamp && payload.Timestamp != 0 && payload.Timestamp < node.BirthMs
        && nowMs - node.BornAtMs <= _sparkplug.ReorderTimeout.TotalMilliseconds;

    /// <summary>
    /// The newest NBIRTH once more, behind messages that it began: a broker between, or its client, has sent again what was not acknowledged. A birth of
    /// its own has a time of its own.
    /// </summary>
    private static bool IsCopyOfBirth(NodeState node, in PayloadView payload) =>
        node.IsOnline && node.BirthMs != 0 && payload.HasTimestamp && payload.Timestamp == node.BirthMs
        && MetricFlattener.BdSeqOf(payload) == node.BdSeq && node.Expected != (byte)(payload.Seq + 1);

    /// <summary>Something was taken of the node that is as new as this message.</summary>
    private static bool IsTaken(NodeState node, in PayloadView payload)
    {
        const ulong microsecondsMax = long.MaxValue / 1000;
        if (!payload.HasTimestamp || payload.Timestamp is 0 or > microsecondsMax)
        {
            return false;
        }

        var sentUs = (long)payload.Timestamp * 1000;
        return node.All.Any(device => device.Metrics.Entries.Any(metric => metric.HasValue && metric.TimeUs >= sentUs));
    }

    private void Late(NodeState node, in RawPublish publish, in PayloadView payload, long nowMs)
    {
        node.LateInARow++;

        // Many may come again at once, sent again by a broker or its client; a node that has lost its count sends what is new.
        if (node.LateInARow < (IsTaken(node, payload) ? CopiesInARowMax : _sparkplug.LateInARowMax))
        {
            counts.Ignore("copy");
            return;
        }

        Reject(
            publish, SparkplugCauses.OutOfSequence,
            string.Create(CultureInfo.InvariantCulture, $"seq {payload.Seq} lies behind the expected {node.Expected}, as did those before it: the node has lost its count."), nowMs);
        NodeLife.Want(node, "out-of-sequence");
    }

    /// <summary>[tck-id-operational-behavior-host-reordering-start]</summary>
    private void Wait(NodeState node, in LogRecord record, in WaitingMessage message, long nowMs)
    {
        if (!node.Waiting.TryAdd(message))
        {
            counts.Ignore("copy");
            return;
        }

        node.ReorderDueMs = node.ReorderDueMs == 0 ? nowMs + (long)_sparkplug.ReorderTimeout.TotalMilliseconds : node.ReorderDueMs;
        if (node.Waiting.Bytes > _sparkplug.ReorderBytesMax)
        {
            GiveUpGap(node, record, nowMs);
        }
    }

    /// <summary>All missing ones have come: the timer stops. [tck-id-operational-behavior-host-reordering-success]</summary>
    private void Drain(NodeState node, in LogRecord record, long nowMs)
    {
        var any = false;
        while (node.Waiting.TryTake(node.Expected, out var message))
        {
            any = true;
            node.Expected++;
            ApplyWaiting(node, record, message);
        }

        if (any)
        {
            node.ReorderDueMs = node.Waiting.Count == 0 ? 0 : nowMs + (long)_sparkplug.ReorderTimeout.TotalMilliseconds;
        }
    }

    /// <summary>
    /// The missing ones did not come: they are lost, births are wanted, and what waited is taken as far as its aliases are known. What is
    /// known of present values may not hold any more. [tck-id-operational-behavior-host-reordering-rebirth]
    /// </summary>
    private void GiveUpGap(NodeState node, in LogRecord record, long nowMs)
    {
        node.ReorderDueMs = 0;
        var lost = 0;
        foreach (var message in node.Waiting.TakeAll(node.Expected))
        {
            lost += (byte)(message.Seq - node.Expected);
            node.Expected = (byte)(message.Seq + 1);
            ApplyWaiting(node, record, message);
        }

        counts.Lost += lost;
        node.HasGap = true;
        output.Event(
            node.Self!, DeviceEventKind.SequenceGap, nowMs * 1000, nowMs, lost,
            string.Create(CultureInfo.InvariantCulture, $"{lost} messages of the edge node did not arrive; its last values are stale until its next birth."));
        NodeLife.Want(node, "gap");
    }

    private void ApplyWaiting(NodeState node, in LogRecord record, in WaitingMessage message)
    {
        if (RawPublish.TryRead(message.Raw, out var publish) && SparkplugTopic.TryParse(publish.Topic, out var topic)
            && PayloadView.TryScan(publish.Payload, _sparkplug.MetricsPerMessageMax, out var payload) == PayloadFault.None)
        {
            Apply(node, record, publish, topic, payload, message.TimestampMs);
        }
    }

    private void Apply(
        NodeState node, in LogRecord record, in RawPublish publish, in SparkplugTopic topic, in PayloadView payload, long nowMs)
    {
        if (topic.Verb == SparkplugVerb.NData)
        {
            _life.Data(node, node.Self!, publish, payload, nowMs);
            return;
        }

        var found = node.Devices.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(topic.Device, out var device);
        switch (topic.Verb)
        {
            case SparkplugVerb.DBirth when !found && node.Devices.Count >= _sparkplug.DevicesPerNodeMax:
                Reject(publish, SparkplugCauses.TooManyDevices, $"The edge node has {node.Devices.Count} devices already (DevicesPerNodeMax).", nowMs);
                break;
            case SparkplugVerb.DBirth:
                if (!found)
                {
                    device = NodeLife.Meet(node, topic.Device.ToArray(), record);
                    node.Devices.Add(device.Id, device);
                }

                _life.DeviceBirth(node, device!, publish, payload, nowMs);
                break;
            case SparkplugVerb.DData when found && device!.IsOnline:
                _life.Data(node, device, publish, payload, nowMs);
                break;
            case SparkplugVerb.DData:
                Reject(publish, SparkplugCauses.UnbornDevice, "The device has sent no DBIRTH since its node was born, or has died. The node was asked for its births.", nowMs);
                NodeLife.Want(node, "unborn-device");
                break;
            default:
                _life.DeviceDeath(found ? device! : null, payload, nowMs);
                break;
        }
    }

    private void Reject(in RawPublish publish, string cause, string detail, long nowMs)
    {
        counts.DeadLetter(cause);
        output.DeadLetter(publish, cause, detail, [], nowMs);
    }
}
