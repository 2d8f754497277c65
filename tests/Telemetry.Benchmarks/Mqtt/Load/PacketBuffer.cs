using System.Buffers.Binary;
using System.Text;

namespace Telemetry.Benchmarks.Mqtt.Load;

/// <summary>Packets of MQTT 3.1.1, one behind the other, to be written at once.</summary>
internal sealed class PacketBuffer
{
    private byte[] _bytes = new byte[256];
    private int _count;

    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _count);

    public void Clear() => _count = 0;

    /// <summary>CONNECT with a clean session and no keep alive.</summary>
    public void Connect(string clientId)
    {
        var id = Encoding.UTF8.GetBytes(clientId);
        Start(0x10, 10 + 2 + id.Length);
        Text("MQTT"u8);
        Byte(4);
        Byte(0x02);
        Number(0);
        Text(id);
    }

    public void Subscribe(ushort identifier, string filter, int qos)
    {
        var bytes = Encoding.UTF8.GetBytes(filter);
        Start(0x82, 2 + 2 + bytes.Length + 1);
        Number(identifier);
        Text(bytes);
        Byte((byte)qos);
    }

    public void Publish(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> payload, int qos, ushort identifier, bool retain = false)
    {
        Start((byte)(0x30 | (qos << 1) | (retain ? 1 : 0)), 2 + topic.Length + (qos > 0 ? 2 : 0) + payload.Length);
        Text(topic);
        if (qos > 0)
        {
            Number(identifier);
        }

        Bytes(payload);
    }

    /// <summary>PUBACK (0x40), PUBREC (0x50), PUBREL (0x62) or PUBCOMP (0x70).</summary>
    public void Acknowledge(byte first, ReadOnlySpan<byte> identifier)
    {
        Start(first, 2);
        Bytes(identifier[..2]);
    }

    public void Ping() => Start(0xC0, 0);

    private void Start(byte first, int remaining)
    {
        Reserve(remaining + 5);
        Byte(first);
        do
        {
            Byte((byte)((remaining & 0x7F) | (remaining > 0x7F ? 0x80 : 0)));
            remaining >>= 7;
        }
        while (remaining > 0);
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _count < more)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _count + more));
        }
    }

    private void Byte(byte value) => _bytes[_count++] = value;

    private void Number(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_bytes.AsSpan(_count), value);
        _count += 2;
    }

    private void Text(ReadOnlySpan<byte> value)
    {
        Number((ushort)value.Length);
        Bytes(value);
    }

    private void Bytes(ReadOnlySpan<byte> value)
    {
        value.CopyTo(_bytes.AsSpan(_count));
        _count += value.Length;
    }
}
