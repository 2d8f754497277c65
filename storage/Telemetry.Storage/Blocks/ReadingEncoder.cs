using System.Runtime.InteropServices;

namespace Telemetry.Storage.Blocks;

/// <summary>Encodes readings and markers for <c>readings</c>.</summary>
internal static class ReadingEncoder
{
    public const string Columns = "sensor, device, event_time, value, quality, boot, sequence";

    public const string Structure =
        "sensor String, device String, event_time DateTime64(6, 'UTC'), value Float64, quality UInt8, boot UInt64, sequence UInt64";

    /// <summary>Writes all blocks and markers as one block.</summary>
    public static void Encode(NativeWriter writer, IReadOnlyList<RowBlock> blocks, IReadOnlyList<Marker> markers)
    {
        var rows = markers.Count;
        foreach (var block in blocks)
        {
            rows += block.Count;
        }

        writer.Begin(7, rows);
        writer.Column("sensor", "String");
        foreach (var block in blocks)
        {
            writer.Names(block.Names, block.Sensors.AsSpan(0, block.Count));
        }

        foreach (var marker in markers)
        {
            writer.String(marker.Sensor);
        }

        writer.Column("device", "String");
        foreach (var block in blocks)
        {
            writer.Names(block.Names, block.Devices.AsSpan(0, block.Count));
        }

        for (var i = 0; i < markers.Count; i++)
        {
            writer.String(Marker.Device);
        }

        Column(writer, "event_time", "DateTime64(6, 'UTC')", blocks, static b => b.Times, markers, static m => m.Time);
        Column(writer, "value", "Float64", blocks, static b => b.Values, markers, static m => (double)(m.Last - m.First + 1));
        Column(writer, "quality", "UInt8", blocks, static b => b.Qualities, markers, static _ => (byte)0);
        Column(writer, "boot", "UInt64", blocks, static b => b.Boots, markers, static _ => 0UL);
        Column(writer, "sequence", "UInt64", blocks, static b => b.Sequences, markers, static m => (ulong)m.Last);
    }

    private static void Column<T>(
        NativeWriter writer,
        string name,
        string type,
        IReadOnlyList<RowBlock> blocks,
        Func<RowBlock, T[]> values,
        IReadOnlyList<Marker> markers,
        Func<Marker, T> marker)
        where T : unmanaged
    {
        writer.Column(name, type);
        foreach (var block in blocks)
        {
            writer.Values<T>(values(block).AsSpan(0, block.Count));
        }

        foreach (var m in markers)
        {
            var value = marker(m);
            writer.Values(MemoryMarshal.CreateReadOnlySpan(ref value, 1));
        }
    }
}
