using System.Text;
using Telemetry.Bridge.Sparkplug.Wire;
using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Sparkplug;
using Telemetry.Streams.State;

namespace Telemetry.Bridge.Sparkplug.Nodes;

/// <summary>Nodes as entries of the state topic.</summary>
internal sealed class NodeStateCodec(NodeTotals totals) : IKeyStateCodec<NodeState>
{
    private const byte Version = 1;

    public NodeState Create(ReadOnlySpan<byte> key)
    {
        var state = new NodeState(key, totals);
        state.Account();
        return state;
    }

    public void Release(NodeState state) => state.Release();

    public void Write(NodeState state, StateWriter writer)
    {
        writer.Byte(Version);
        writer.Byte(Flags(state.IsOnline, state.BdSeq is not null, state.HasGap, state.RebirthReason is not null, state.Self is not null));
        writer.Varint(state.BdSeq ?? 0);
        writer.Byte(state.Expected);
        writer.Varint(state.BirthMs);
        writer.ZigZag(state.BornAtMs);
        writer.Varint((ulong)state.LateInARow);
        writer.ZigZag(state.ReorderDueMs);
        writer.ZigZag(state.BirthsDueMs);
        writer.Bytes(Encoding.UTF8.GetBytes(state.RebirthReason ?? ""));
        writer.Varint((ulong)state.Waiting.Count);
        foreach (var message in state.Waiting.Messages)
        {
            writer.Byte(message.Seq);
            writer.ZigZag(message.TimestampMs);
            writer.Bytes(message.Raw);
        }

        if (state.Self is { } self)
        {
            WriteDevice(self, writer);
        }

        writer.Varint((ulong)state.Devices.Count);
        foreach (var device in state.Devices.Values)
        {
            WriteDevice(device, writer);
        }
    }

    public NodeState Read(ReadOnlySpan<byte> key, ref StateReader reader)
    {
        var version = reader.Byte();
        if (version != Version)
        {
            throw new FormatException($"The state of a Sparkplug node has version {version}; this program reads version {Version}.");
        }

        var flags = reader.Byte();
        var state = new NodeState(key, totals) { IsOnline = Has(flags, 0), HasGap = Has(flags, 2) };
        var bdSeq = reader.Varint();
        state.BdSeq = Has(flags, 1) ? bdSeq : null;
        state.Expected = reader.Byte();
        state.BirthMs = reader.Varint();
        state.BornAtMs = reader.ZigZag();
        state.LateInARow = (int)reader.Varint();
        state.ReorderDueMs = reader.ZigZag();
        state.BirthsDueMs = reader.ZigZag();
        var reason = Encoding.UTF8.GetString(reader.Bytes());
        state.RebirthReason = Has(flags, 3) ? reason : null;
        for (var left = reader.Count(3); left > 0; left--)
        {
            state.Waiting.TryAdd(new WaitingMessage(reader.Byte(), [], 0) with { TimestampMs = reader.ZigZag(), Raw = reader.Bytes().ToArray() });
        }

        state.Self = Has(flags, 4) ? ReadDevice(state, ref reader) : null;
        for (var left = reader.Count(10); left > 0; left--)
        {
            var device = ReadDevice(state, ref reader);
            state.Devices[device.Id] = device;
        }

        state.Account();
        return state;
    }

    private static void WriteDevice(DeviceEntry device, StateWriter writer)
    {
        writer.Bytes(device.Id);
        writer.Fixed64(device.BootId);
        writer.Varint(device.NextSequence);
        writer.Byte(Flags(device.IsOnline, device.IsAwaited, device.Metrics.IsCut));
        writer.Varint((ulong)device.Metrics.Count);
        foreach (var metric in device.Metrics.Entries)
        {
            writer.Bytes(metric.Name);
            writer.Byte((byte)metric.Type);
            writer.Byte((byte)(Flags(metric.HasAlias, metric.HasValue) | ((int)metric.Quality << 4)));
            writer.Varint(metric.Alias);
            writer.Varint(metric.CatalogueHash);
            if (metric.HasValue)
            {
                writer.ZigZag(metric.TimeUs);
                writer.Fixed64(BitConverter.DoubleToUInt64Bits(metric.Value));
            }
        }
    }

    private static DeviceEntry ReadDevice(NodeState state, ref StateReader reader)
    {
        var id = reader.Bytes().ToArray();
        var device = new DeviceEntry(id, SparkplugNames.Device(state.Group, state.Edge, id), reader.Fixed64()) { NextSequence = reader.Varint() };
        var flags = reader.Byte();
        (device.IsOnline, device.IsAwaited, device.Metrics.IsCut) = (Has(flags, 0), Has(flags, 1), Has(flags, 2));
        for (var left = reader.Count(5); left > 0; left--)
        {
            device.Metrics.TryAdd(ReadMetric(ref reader));
        }

        return device;
    }

    private static MetricEntry ReadMetric(ref StateReader reader)
    {
        var entry = MetricEntry.Of(reader.Bytes(), (SparkplugType)reader.Byte());
        var flags = reader.Byte();
        (entry.HasAlias, entry.Quality) = (Has(flags, 0), (Quality)(flags >> 4));
        entry.Alias = reader.Varint();
        entry.CatalogueHash = (uint)reader.Varint();
        if (Has(flags, 1))
        {
            var time = reader.ZigZag();
            entry.Keep(time, BitConverter.UInt64BitsToDouble(reader.Fixed64()), entry.Quality);
        }

        return entry;
    }

    private static byte Flags(params ReadOnlySpan<bool> flags)
    {
        var bits = 0;
        for (var i = 0; i < flags.Length; i++)
        {
            bits |= flags[i] ? 1 << i : 0;
        }

        return (byte)bits;
    }

    private static bool Has(byte flags, int bit) => (flags & (1 << bit)) != 0;
}
