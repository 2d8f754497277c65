using System.Text;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Messages;

/// <summary>What a record of the sessions topic is about: the first byte of its key, before the client identifier.</summary>
internal enum SessionRecordKind : byte
{
    /// <summary>The session itself.</summary>
    Session = 1,

    /// <summary>A subscription; the filter follows the client identifier behind a zero byte, which neither may contain.</summary>
    Subscription = 2,

    /// <summary>How far it has got with its messages.</summary>
    Progress = 3,

    /// <summary>Of a node, not of a client: from which offsets on the messages topic is still needed.</summary>
    Checkpoint = 4,

    /// <summary>A node that shares the log says that it lives; its name stands for the client identifier.</summary>
    Node = 5,
}

/// <summary>Keys of the sessions topic.</summary>
internal static class SessionKeys
{
    public static RecordWriter Write(RecordWriter writer, SessionRecordKind kind, string clientId, ReadOnlySpan<byte> filter = default)
    {
        writer.Raw([(byte)kind]).Raw(Encoding.UTF8.GetBytes(clientId));
        return kind == SessionRecordKind.Subscription ? writer.Raw([0]).Raw(filter) : writer;
    }

    public static bool TryRead(ReadOnlySpan<byte> key, out SessionRecordKind kind, out string clientId, out ReadOnlySpan<byte> filter)
    {
        kind = default;
        clientId = "";
        filter = default;
        if (key.Length < 1)
        {
            return false;
        }

        kind = (SessionRecordKind)key[0];
        var rest = key[1..];
        if (kind == SessionRecordKind.Subscription)
        {
            var end = rest.IndexOf((byte)0);
            if (end < 0)
            {
                return false;
            }

            filter = rest[(end + 1)..];
            rest = rest[..end];
        }

        clientId = Encoding.UTF8.GetString(rest);
        return true;
    }
}

/// <summary>A session as it is on the log.</summary>
/// <param name="Incarnation">Tells it from other sessions of this client.</param>
/// <param name="Owner">Whose it is: what its identity was, as text; empty when there is none.</param>
/// <param name="ExpirySeconds">Life without a connection; null for ever.</param>
/// <param name="DisconnectedAtMs">Milliseconds since 1970; 0 while connected.</param>
/// <param name="Will">To be published when the connection ends, or later.</param>
internal sealed record SessionRecord(
    ulong Incarnation, string Owner, uint? ExpirySeconds, long DisconnectedAtMs, StoredWill? Will)
{
    private const byte Version = 1;

    /// <summary>Raised by each claim: of two claims of one session the first in the log with a higher epoch counts.</summary>
    public ulong Epoch { get; init; }

    /// <summary>The node that has the session.</summary>
    public string Node { get; init; } = "";

    /// <summary>Names a claim, so that its node knows it again; 0 for what the owner writes about its own session.</summary>
    public ulong Claim { get; init; }

    /// <summary>The claim ends the session.</summary>
    public bool IsEnd { get; init; }

    public void Write(RecordWriter writer)
    {
        writer.Number(Version).Fixed(Incarnation).Text(Owner)
            .Number(ExpirySeconds is { } seconds ? seconds + 1UL : 0).Number(DisconnectedAtMs)
            .Number(Epoch).Text(Node).Fixed(Claim).Number(IsEnd ? 1UL : 0)
            .Number(Will is null ? 0UL : 1);
        if (Will is { } will)
        {
            writer.Number((ulong)(will.Qos | (will.Retain ? 4 : 0))).Number(will.DelaySeconds)
                .Number(will.ExpirySeconds is { } expiry ? expiry + 1UL : 0)
                .Text(will.Identity.ClientId).Text(will.Identity.UserName ?? "").Text(will.Identity.CertificateName ?? "")
                .Bytes(will.Content.TopicName).Bytes(will.Content.ForwardedProperties).Bytes(will.Content.Payload);
        }
    }

    /// <exception cref="FormatException">Not one of ours.</exception>
    public static SessionRecord Read(ReadOnlySpan<byte> value)
    {
        var reader = new RecordReader(value);
        if (reader.Byte() is var version && version != Version)
        {
            throw new FormatException($"A session record of version {version} is not known to this one.");
        }

        var incarnation = reader.Fixed();
        var owner = reader.Text();
        var expiry = reader.Number();
        var disconnectedAt = reader.Signed();
        var epoch = reader.Number();
        var node = reader.Text();
        var claim = reader.Fixed();
        var isEnd = reader.Number() == 1;
        var will = reader.Number() == 1 ? ReadWill(ref reader) : null;
        return new SessionRecord(incarnation, owner, expiry == 0 ? null : (uint)(expiry - 1), disconnectedAt, will)
        {
            Epoch = epoch,
            Node = node,
            Claim = claim,
            IsEnd = isEnd,
        };
    }

    private static StoredWill ReadWill(ref RecordReader reader)
    {
        var flags = reader.Byte();
        var delay = (uint)reader.Number();
        var expiry = reader.Number();
        var identity = new MqttClientIdentity(reader.Text(), OrNull(reader.Text()), OrNull(reader.Text()));
        var content = new PublishMessage(reader.Bytes(), reader.Bytes(), reader.Bytes());
        return new StoredWill(content, (byte)(flags & 3), (flags & 4) != 0, delay, expiry == 0 ? null : (uint)(expiry - 1), identity);
    }

    private static string? OrNull(string text) => text.Length == 0 ? null : text;
}

/// <summary>A subscription as it is on the log, without its filter, which is in the key.</summary>
internal readonly record struct SubscriptionRecord(ulong Incarnation, byte Qos, bool NoLocal, bool RetainAsPublished, uint Identifier)
{
    public void Write(RecordWriter writer) => writer.Fixed(Incarnation)
        .Number((ulong)(Qos | (NoLocal ? 4 : 0) | (RetainAsPublished ? 8 : 0))).Number(Identifier);

    public static SubscriptionRecord Read(ReadOnlySpan<byte> value)
    {
        var reader = new RecordReader(value);
        var incarnation = reader.Fixed();
        var flags = reader.Byte();
        return new SubscriptionRecord(incarnation, (byte)(flags & 3), (flags & 4) != 0, (flags & 8) != 0, (uint)reader.Number());
    }
}

/// <summary>A retained message as it is on the log; the topic name is the key.</summary>
internal static class RetainedRecord
{
    public static void Write(RecordWriter writer, Message message, long expiresAtMs) =>
        writer.Fixed(message.RetainedStamp).Number(message.Qos).Number(expiresAtMs)
            .Bytes(message.Content.ForwardedProperties).Bytes(message.Content.Payload);

    /// <exception cref="FormatException">Not one of ours.</exception>
    public static Message Read(ReadOnlySpan<byte> topic, ReadOnlySpan<byte> value, Func<long, long> expiry)
    {
        var reader = new RecordReader(value);
        var stamp = reader.Fixed();
        var qos = reader.Byte();
        var expiresAt = expiry(reader.Signed());
        return new Message(new PublishMessage(topic, reader.Bytes(), reader.Bytes()), qos, true, expiresAt) { RetainedStamp = stamp };
    }
}
