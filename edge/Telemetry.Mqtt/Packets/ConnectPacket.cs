using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Telemetry.Mqtt;

/// <summary>CONNECT, MQTT 5.0 section 3.1.</summary>
public sealed class ConnectPacket
{
    private const byte Level31 = 3;
    private const byte UserNameFlag = 0x80;
    private const byte PasswordFlag = 0x40;
    private const byte WillRetainFlag = 0x20;
    private const byte WillFlag = 0x04;
    private const byte CleanStartFlag = 0x02;
    private const byte ReservedFlag = 0x01;

    public MqttVersion Version { get; init; } = MqttVersion.V500;

    /// <summary>
    /// Sent as MQTT 3.1 (protocol name <c>MQIsdp</c>, level 3), which old gateways speak. Its packets are those of 3.1.1, and
    /// <see cref="Version"/> says so; only an empty Client Identifier is not allowed in it.
    /// </summary>
    public bool IsVersion31 { get; init; }

    /// <summary>Empty: the server is to assign one.</summary>
    public string ClientId { get; init; } = "";

    /// <summary>Clean Start; Clean Session in 3.1.1.</summary>
    public bool CleanStart { get; init; }

    /// <summary>Seconds; 0 turns it off.</summary>
    public ushort KeepAlive { get; init; }

    public string? UserName { get; init; }

    public ReadOnlyMemory<byte>? Password { get; init; }

    public WillMessage? Will { get; init; }

    /// <summary>Null when there are none, and in 3.1.1.</summary>
    public MqttProperties? Properties { get; init; }

    /// <summary>
    /// Reads the body of a CONNECT. Limits of the client (<c>ReceiveMaximum</c> and so on) stand in
    /// <see cref="Properties"/>.
    /// </summary>
    public static bool TryParse(
        ReadOnlySpan<byte> body, [NotNullWhen(true)] out ConnectPacket? packet, out ConnectFailure failure)
    {
        packet = null;
        var reader = new MqttBodyReader(body);
        if (!reader.TryReadBinary(out var name))
        {
            failure = new ConnectFailure(ConnectFailureKind.Malformed, 0, MqttBodyReader.Truncated);
            return false;
        }
        var isVersion31 = name.SequenceEqual("MQIsdp"u8);
        if (!isVersion31 && !name.SequenceEqual("MQTT"u8))
        {
            failure = new ConnectFailure(ConnectFailureKind.WrongProtocolName, 0, new MqttError(
                ReasonCode.UnsupportedProtocolVersion, "MQTT-3.1.2-1", "The protocol name is not 'MQTT'."));
            return false;
        }
        if (!reader.TryReadByte(out var level))
        {
            failure = new ConnectFailure(ConnectFailureKind.Malformed, 0, MqttBodyReader.Truncated);
            return false;
        }
        if (isVersion31 ? level != Level31 : level is not ((byte)MqttVersion.V311 or (byte)MqttVersion.V500))
        {
            failure = new ConnectFailure(ConnectFailureKind.UnsupportedLevel, isVersion31 ? Level31 : level, new MqttError(
                ReasonCode.UnsupportedProtocolVersion, "MQTT-3.1.2-2", "The protocol level is neither 4 nor 5 (nor 3 for 'MQIsdp')."));
            return false;
        }
        var version = isVersion31 ? MqttVersion.V311 : (MqttVersion)level;
        if (TryReadRest(ref reader, version, isVersion31, out packet, out var error))
        {
            failure = default;
            return true;
        }
        failure = new ConnectFailure(ConnectFailureKind.Malformed, level, error);
        return false;
    }

    /// <summary>The version that the beginning of a CONNECT names; null when it is none of ours, or not there yet.</summary>
    /// <param name="start">From the first byte of the packet on; it need not be whole.</param>
    public static MqttVersion? PeekVersion(in ReadOnlySequence<byte> start)
    {
        Span<byte> bytes = stackalloc byte[MqttFrameHeader.MaxSize + 7];
        var count = (int)Math.Min(start.Length, bytes.Length);
        start.Slice(0, count).CopyTo(bytes);
        if (MqttFrameHeader.TryRead(bytes[..count], int.MaxValue, shortestForm: false, out var header, out _) != FrameStatus.Complete
            || header.Type != MqttPacketType.Connect)
        {
            return null;
        }
        var body = bytes[header.Length..count];
        return body.StartsWith("\0\u0004MQTT\u0005"u8) ? MqttVersion.V500
            : body.StartsWith("\0\u0004MQTT\u0004"u8) || body.StartsWith("\0\u0006MQIsd"u8) ? MqttVersion.V311
            : null;
    }

    private static bool TryReadRest(
        ref MqttBodyReader reader,
        MqttVersion version,
        bool isVersion31,
        [NotNullWhen(true)] out ConnectPacket? packet,
        out MqttError error)
    {
        packet = null;
        if (!reader.TryReadByte(out var flags))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        if (!TryCheckFlags(flags, version, out error))
        {
            return false;
        }
        if (!reader.TryReadUInt16(out var keepAlive))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        if (!MqttPacketParts.TryReadProperties(ref reader, version, MqttPropertyOwner.Connect, out var properties, out error)
            || !reader.TryReadString("MQTT-3.1.3-4", out var clientId, out error)
            || !TryReadWill(ref reader, version, flags, out var will, out error))
        {
            return false;
        }
        if (isVersion31 && reader.IsEmpty)
        {
            // MQTT 3.1 section 3.1: the Remaining Length takes precedence over the flags of user name and password.
            flags = (byte)(flags & ~(UserNameFlag | PasswordFlag));
        }
        if (!TryReadUserName(ref reader, flags, out var userName, out error)
            || !TryReadPassword(ref reader, flags, out var password, out error))
        {
            return false;
        }
        if (!reader.IsEmpty)
        {
            error = MqttBodyReader.TooLong;
            return false;
        }
        packet = new ConnectPacket
        {
            Version = version,
            IsVersion31 = isVersion31,
            ClientId = Encoding.UTF8.GetString(clientId),
            CleanStart = (flags & CleanStartFlag) != 0,
            KeepAlive = keepAlive,
            UserName = userName,
            Password = password,
            Will = will,
            Properties = properties,
        };
        return true;
    }

    private static bool TryCheckFlags(byte flags, MqttVersion version, out MqttError error)
    {
        var willQos = flags >> 3 & 3;
        error = default;
        if ((flags & ReservedFlag) != 0)
        {
            error = MqttError.Malformed("MQTT-3.1.2-3", "The reserved flag of CONNECT must be 0.");
        }
        else if (willQos == 3)
        {
            error = MqttError.Malformed("MQTT-3.1.2-12", "Will QoS must not be 3.");
        }
        else if ((flags & WillFlag) == 0 && willQos != 0)
        {
            error = MqttError.Malformed("MQTT-3.1.2-11", "Will QoS must be 0 when there is no will.");
        }
        else if ((flags & WillFlag) == 0 && (flags & WillRetainFlag) != 0)
        {
            error = MqttError.Malformed("MQTT-3.1.2-13", "Will Retain must be 0 when there is no will.");
        }
        else if (version == MqttVersion.V311 && (flags & PasswordFlag) != 0 && (flags & UserNameFlag) == 0)
        {
            error = MqttError.Malformed("MQTT-3.1.2-22", "A password needs a user name in MQTT 3.1.1.");
        }
        return error.IsNone;
    }

    private static bool TryReadWill(
        ref MqttBodyReader reader, MqttVersion version, byte flags, out WillMessage? will, out MqttError error)
    {
        will = null;
        error = default;
        if ((flags & WillFlag) == 0)
        {
            return true;
        }
        if (!MqttPacketParts.TryReadProperties(ref reader, version, MqttPropertyOwner.Will, out var properties, out error)
            || !reader.TryReadString("MQTT-3.1.3-11", out var topic, out error)
            || !TopicName.TryCheck(topic, out error))
        {
            return false;
        }
        if (!reader.TryReadBinary(out var payload))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        will = new WillMessage
        {
            TopicName = Encoding.UTF8.GetString(topic),
            Payload = payload.ToArray(),
            Qos = (MqttQos)(flags >> 3 & 3),
            Retain = (flags & WillRetainFlag) != 0,
            Properties = properties,
        };
        return true;
    }

    private static bool TryReadUserName(ref MqttBodyReader reader, byte flags, out string? userName, out MqttError error)
    {
        userName = null;
        error = default;
        if ((flags & UserNameFlag) == 0)
        {
            return true;
        }
        if (!reader.TryReadString("MQTT-3.1.3-12", out var value, out error))
        {
            return false;
        }
        userName = Encoding.UTF8.GetString(value);
        return true;
    }

    private static bool TryReadPassword(
        ref MqttBodyReader reader, byte flags, out ReadOnlyMemory<byte>? password, out MqttError error)
    {
        password = null;
        error = default;
        if ((flags & PasswordFlag) == 0)
        {
            return true;
        }
        if (!reader.TryReadBinary(out var value))
        {
            error = MqttBodyReader.Truncated;
            return false;
        }
        password = value.ToArray();
        return true;
    }
}

/// <summary>The will that CONNECT carries, MQTT 5.0 section 3.1.3.2.</summary>
public sealed record WillMessage
{
    /// <summary>A topic name.</summary>
    public required string TopicName { get; init; }

    public ReadOnlyMemory<byte> Payload { get; init; }

    public MqttQos Qos { get; init; }

    public bool Retain { get; init; }

    /// <summary>Will properties; null when there are none.</summary>
    public MqttProperties? Properties { get; init; }
}

/// <summary>Why a CONNECT was refused by the decoder, and how it may be answered.</summary>
/// <param name="Kind">Which of the three ways it went wrong.</param>
/// <param name="ProtocolLevel">Level byte of the packet; 0 when it was not reached.</param>
/// <param name="Error">Reason code, clause and sentence.</param>
public readonly record struct ConnectFailure(ConnectFailureKind Kind, byte ProtocolLevel, MqttError Error)
{
    private const byte BridgeBit = 0x80;

    /// <summary>
    /// Version to write a refusing CONNACK in; null when none is due and the connection is just closed (a wrong name, or a
    /// malformed packet of 3.1.1).
    /// </summary>
    public MqttVersion? AnswerVersion => (Kind, ProtocolLevel) switch
    {
        (ConnectFailureKind.WrongProtocolName, _) => null,
        // The top bit is what some bridges mark themselves with: mosquitto's sends 0x84, and 4 when return code 1 comes back.
        (ConnectFailureKind.UnsupportedLevel, var level) when (level & ~BridgeBit) < (byte)MqttVersion.V500 => MqttVersion.V311,
        (ConnectFailureKind.UnsupportedLevel, _) => MqttVersion.V500,
        (_, 5) => MqttVersion.V500,
        _ => null,
    };
}

/// <summary>Ways a CONNECT can be refused by the decoder.</summary>
public enum ConnectFailureKind : byte
{
    /// <summary>0x81 or 0x82.</summary>
    Malformed,

    /// <summary>The protocol name is neither <c>MQTT</c> nor <c>MQIsdp</c> [MQTT-3.1.2-1].</summary>
    WrongProtocolName,

    /// <summary>0x84; CONNACK return code 1 in 3.1.1 [MQTT-3.1.2-2].</summary>
    UnsupportedLevel,
}
