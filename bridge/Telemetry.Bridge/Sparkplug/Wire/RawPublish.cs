using System.Text.Unicode;
using Telemetry.Contracts.Wire;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>
/// A value of <see cref="Contracts.LogTopics.Sparkplug"/>: version 1, kind, and for a publish the topic and the client id (each behind its
/// length as a varint), then the payload byte for byte. A tick has no more: it lets the time of a quiet partition go on.
/// </summary>
internal readonly ref struct RawPublish
{
    private const byte Version = 1;
    private const byte PublishKind = 0;
    private const byte TickKind = 1;
    private const int ClientBytesMax = 512;

    public bool IsTick { get; private init; }

    public ReadOnlySpan<byte> Topic { get; private init; }

    public ReadOnlySpan<byte> ClientId { get; private init; }

    public ReadOnlySpan<byte> Payload { get; private init; }

    /// <summary>The whole value of a tick.</summary>
    public static ReadOnlySpan<byte> Tick => [Version, TickKind];

    /// <summary>Room that <see cref="WriteHead"/> needs at most.</summary>
    public static int HeadBytesMax(ReadOnlySpan<byte> topic) => 2 + 3 + topic.Length + 3 + ClientBytesMax;

    /// <summary>Writes what comes before the payload. A client id longer than 512 bytes is cut.</summary>
    public static int WriteHead(Span<byte> head, ReadOnlySpan<byte> topic, string clientId)
    {
        head[0] = Version;
        head[1] = PublishKind;
        var at = 2;
        WriteVarint(head, ref at, topic.Length);
        topic.CopyTo(head[at..]);
        at += topic.Length;
        Span<byte> client = stackalloc byte[ClientBytesMax];
        Utf8.FromUtf16(clientId, client, out _, out var length);
        WriteVarint(head, ref at, length);
        client[..length].CopyTo(head[at..]);
        return at + length;
    }

    /// <summary>False: not such a value.</summary>
    public static bool TryRead(ReadOnlySpan<byte> value, out RawPublish publish)
    {
        publish = default;
        if (value.Length < 2 || value[0] != Version)
        {
            return false;
        }

        if (value[1] == TickKind)
        {
            publish = new RawPublish { IsTick = true };
            return true;
        }

        var reader = new ProtobufReader(value[2..]);
        if (value[1] != PublishKind || !reader.TryReadBytes(out var topic) || !reader.TryReadBytes(out var client))
        {
            return false;
        }

        publish = new RawPublish { Topic = topic, ClientId = client, Payload = value[(2 + reader.Position)..] };
        return true;
    }

    private static void WriteVarint(Span<byte> to, ref int at, int value)
    {
        while (value >= 0x80)
        {
            to[at++] = (byte)(value | 0x80);
            value >>= 7;
        }

        to[at++] = (byte)value;
    }
}
