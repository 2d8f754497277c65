using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Telemetry.Bridge.Sparkplug.Nodes;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Sparkplug;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Bridge.Sparkplug.Fold;

/// <summary>Births, data and deaths of a node and its devices, whose turn it is.</summary>
internal sealed class NodeLife(BridgeOptions options, FoldOutput output, FoldCounts counts)
{
    private readonly SparkplugOptions _sparkplug = options.Sparkplug;
    private readonly MetricFlattener _flattener = new(options, output, counts);

    /// <summary>NBIRTH: replaces names and aliases, starts the numbers anew.</summary>
    /// <returns>What waited for its turn, to be looked at again.</returns>
    public List<WaitingMessage> Birth(NodeState node, in LogRecord record, in RawPublish publish, in PayloadView payload, long nowMs)
    {
        if (!payload.HasSeq || payload.Seq != 0)
        {
            counts.Ignore(payload.HasSeq ? "birth-seq-not-0" : "birth-without-seq");
        }

        var isOnlineAnew = !node.IsOnline;
        node.IsOnline = true;
        node.BdSeq = MetricFlattener.BdSeqOf(payload);
        node.Expected = (byte)(payload.Seq + 1);
        node.BirthMs = payload.HasTimestamp ? payload.Timestamp : 0;
        node.BornAtMs = nowMs;
        (node.HasGap, node.LateInARow, node.RebirthReason) = (false, 0, null);
        var waiting = node.Waiting.TakeAll(node.Expected);
        node.ReorderDueMs = 0;
        AwaitDevices(node, nowMs);
        node.Self ??= Meet(node, [], record);
        node.Self.IsOnline = true;
        if (_flattener.Take(node, node.Self, publish, payload, isBirth: true, nowMs))
        {
            Want(node, "unknown-metric");
        }

        if (isOnlineAnew)
        {
            output.Event(node.Self, DeviceEventKind.Online, nowMs * 1000, nowMs, node.Self.Metrics.Count, "The edge node is born.");
        }

        return waiting;
    }

    /// <summary>Counts only when it belongs to the newest birth: others are late wills of former sessions, or come a second time.</summary>
    public bool IsDeathOf(NodeState node, in PayloadView payload)
    {
        if (!node.IsOnline)
        {
            counts.Ignore("death-of-a-dead-node");
            return false;
        }

        if (node.BdSeq is { } bdSeq && MetricFlattener.BdSeqOf(payload) != bdSeq)
        {
            counts.Ignore("death-of-another-session");
            return false;
        }

        return true;
    }

    /// <summary>The node and all its devices are offline at the time of the host; their last values are stale.</summary>
    public void Death(NodeState node, long nowMs)
    {
        node.IsOnline = false;
        node.BirthsDueMs = 0;
        node.RebirthReason = null;
        foreach (var device in node.All.Where(static device => device.IsOnline || device.IsAwaited))
        {
            (device.IsOnline, device.IsAwaited) = (false, false);
            output.Event(
                device, DeviceEventKind.Offline, nowMs * 1000, nowMs, device.Metrics.Count,
                device.Id.Length == 0 ? "The edge node died; its last values are stale." : "The edge node of the device died; its last values are stale.");
        }
    }

    public void Data(NodeState node, DeviceEntry device, in RawPublish publish, in PayloadView payload, long nowMs)
    {
        if (_flattener.Take(node, device, publish, payload, isBirth: false, nowMs))
        {
            Want(node, "unknown-metric");
        }
    }

    public void DeviceBirth(NodeState node, DeviceEntry device, in RawPublish publish, in PayloadView payload, long nowMs)
    {
        var isOnlineAnew = !device.IsOnline && !device.IsAwaited;
        (device.IsOnline, device.IsAwaited) = (true, false);
        if (_flattener.Take(node, device, publish, payload, isBirth: true, nowMs))
        {
            Want(node, "unknown-metric");
        }

        if (isOnlineAnew)
        {
            output.Event(device, DeviceEventKind.Online, nowMs * 1000, nowMs, device.Metrics.Count, "The device is born.");
        }

        if (node.BirthsDueMs != 0 && node.Devices.Values.All(static other => !other.IsAwaited))
        {
            node.BirthsDueMs = 0;
        }
    }

    /// <summary>Offline at the time of the payload. [tck-id-operational-behavior-edge-node-termination-host-action-ddeath-devices-offline]</summary>
    public void DeviceDeath(DeviceEntry? device, in PayloadView payload, long nowMs)
    {
        if (device is null || (!device.IsOnline && !device.IsAwaited))
        {
            counts.Ignore("death-of-a-dead-device");
            return;
        }

        (device.IsOnline, device.IsAwaited) = (false, false);
        var ms = payload.HasTimestamp && payload.Timestamp is > 0 and < 253_402_300_799_999 ? (long)payload.Timestamp : nowMs;
        output.Event(device, DeviceEventKind.Offline, ms * 1000, nowMs, device.Metrics.Count, "The device died; its last values are stale.");
    }

    /// <summary>Devices that were online before the node was born again and have not been born since.</summary>
    public void GiveUpAwaited(NodeState node, long nowMs)
    {
        node.BirthsDueMs = 0;
        foreach (var device in node.Devices.Values.Where(static device => device.IsAwaited))
        {
            device.IsAwaited = false;
            output.Event(
                device, DeviceEventKind.Offline, nowMs * 1000, nowMs, device.Metrics.Count,
                "The node was born again and the device was not; its last values are stale.");
        }
    }

    /// <summary>Notes that births are wanted. Who asks for them, when and how often is not the fold's business.</summary>
    public static void Want(NodeState node, string reason) => node.RebirthReason ??= reason;

    /// <summary>
    /// A device met for the first time. Its boot id comes from the record that it is met in, so every replay gives it the same one, and
    /// no other log position ever does.
    /// </summary>
    public static DeviceEntry Meet(NodeState node, byte[] id, in LogRecord record)
    {
        var device = SparkplugNames.Device(node.Group, node.Edge, id);
        var seed = Encoding.UTF8.GetBytes(string.Create(
            CultureInfo.InvariantCulture,
            $"{Convert.ToHexString(record.Key.Span)} {Convert.ToHexString(id)} {record.Partition} {record.Offset} {record.TimestampMs}"));
        return new DeviceEntry(id, device, AssignedBootId.From(BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(seed))));
    }

    /// <summary>Devices are stale until their own births. [tck-id-topics-nbirth-*]</summary>
    private void AwaitDevices(NodeState node, long nowMs)
    {
        var any = false;
        foreach (var device in node.Devices.Values)
        {
            any |= device.IsAwaited |= device.IsOnline;
            device.IsOnline = false;
        }

        node.BirthsDueMs = any ? nowMs + (long)_sparkplug.BirthTimeout.TotalMilliseconds : 0;
    }
}
