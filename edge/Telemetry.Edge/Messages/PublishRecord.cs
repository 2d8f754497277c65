using Telemetry.Mqtt;

namespace Telemetry.Edge.Messages;

/// <summary>
/// One publish on the log: everything that has to happen because of it, in one record, so that after a crash all of it is there or
/// nothing. A release (PUBREL) is a record of the same topic and publisher, behind it.
/// </summary>
internal static class PublishRecord
{
    private const byte Publish = 1;
    private const byte Release = 2;

    /// <summary>Encodes a publish up to its recipients; each follows by <see cref="Add"/>.</summary>
    /// <param name="writer">Output.</param>
    /// <param name="message">The message.</param>
    /// <param name="expiresAtMs">Milliseconds since 1970; 0 for never.</param>
    /// <param name="publisher">Whose QoS 2 identifier it is; none for QoS 0 and 1, and for sessions that do not survive.</param>
    /// <param name="sender">Client id whose No Local subscriptions are left out.</param>
    /// <param name="isListedOnly">True: only the sessions listed get it, not everyone who subscribes to its topic on some node.</param>
    /// <param name="hasGroups">True: shared groups have chosen among the sessions listed.</param>
    public static void Write(
        RecordWriter writer, Message message, long expiresAtMs, in PublisherMark publisher, string sender, bool isListedOnly, bool hasGroups)
    {
        var content = message.Content;
        writer.Number(Publish).Number((ulong)(message.Qos | (message.Retain ? 4 : 0))).Number(expiresAtMs)
            .Number(publisher.PacketIdentifier).Fixed(publisher.Incarnation).Number(publisher.Epoch).Text(publisher.ClientId)
            .Number((isListedOnly ? 1UL : 0) | (hasGroups ? 2UL : 0)).Fixed(message.RetainedStamp).Text(sender)
            .Bytes(content.TopicName).Bytes(content.ForwardedProperties).Bytes(content.Payload);
    }

    /// <summary>A session that gets the message.</summary>
    public static void Add(RecordWriter writer, in DurableRecipient recipient)
    {
        writer.Text(recipient.ClientId).Fixed(recipient.Incarnation)
            .Number((ulong)(recipient.Qos | (recipient.Retain ? 4 : 0)))
            .Number((ulong)((recipient.Identifier == 0 ? 0 : 1) + (recipient.MoreIdentifiers?.Length ?? 0)));
        if (recipient.Identifier != 0)
        {
            writer.Number(recipient.Identifier);
            foreach (var more in recipient.MoreIdentifiers ?? [])
            {
                writer.Number(more);
            }
        }
    }

    /// <summary>Encodes the release of a QoS 2 identifier.</summary>
    public static void WriteRelease(RecordWriter writer, in PublisherMark publisher) =>
        writer.Number(Release).Number(publisher.PacketIdentifier).Fixed(publisher.Incarnation).Number(publisher.Epoch).Text(publisher.ClientId);

    /// <summary>Decodes either kind.</summary>
    /// <param name="value">The record.</param>
    /// <param name="expiry">Turns milliseconds since 1970 into the broker's clock.</param>
    /// <returns>What it was; its message is null for a release.</returns>
    /// <exception cref="FormatException">Not one of ours.</exception>
    public static DecodedPublish Read(ReadOnlySpan<byte> value, Func<long, long> expiry)
    {
        var reader = new RecordReader(value);
        var kind = reader.Byte();
        if (kind == Release)
        {
            return new DecodedPublish(null, ReadMark(ref reader), [], "", true, true);
        }

        if (kind != Publish)
        {
            throw new FormatException($"A message record of kind {kind} is not known to this version.");
        }

        var flags = reader.Byte();
        var expiresAtMs = reader.Signed();
        var mark = ReadMark(ref reader);
        var reach = reader.Number();
        var stamp = reader.Fixed();
        var sender = reader.Text();
        var content = new PublishMessage(reader.Bytes(), reader.Bytes(), reader.Bytes());
        var message = new Message(content, (byte)(flags & 3), (flags & 4) != 0, expiry(expiresAtMs)) { RetainedStamp = stamp };
        var recipients = new List<DurableRecipient>();
        while (!reader.IsEmpty)
        {
            recipients.Add(ReadRecipient(ref reader));
        }

        return new DecodedPublish(message, mark, recipients, sender, (reach & 1) != 0, (reach & 2) != 0);
    }

    private static PublisherMark ReadMark(ref RecordReader reader)
    {
        var identifier = (ushort)reader.Number();
        var incarnation = reader.Fixed();
        var epoch = reader.Number();
        return new PublisherMark(reader.Text(), incarnation, epoch, identifier);
    }

    private static DurableRecipient ReadRecipient(ref RecordReader reader)
    {
        var clientId = reader.Text();
        var incarnation = reader.Fixed();
        var flags = reader.Byte();
        var count = reader.Int();
        var identifier = count > 0 ? (uint)reader.Number() : 0;
        var more = count > 1 ? new uint[count - 1] : null;
        for (var i = 0; i < count - 1; i++)
        {
            more![i] = (uint)reader.Number();
        }

        return new DurableRecipient(clientId, incarnation, (byte)(flags & 3), (flags & 4) != 0, identifier, more);
    }
}

/// <summary>Whose QoS 2 packet identifier a publish carries.</summary>
/// <param name="ClientId">Client identifier of the publisher; empty when there is none to remember.</param>
/// <param name="Incarnation">Of its session.</param>
/// <param name="PacketIdentifier">1 to 65,535; 0 when there is none to remember.</param>
/// <param name="Epoch">Of the node that wrote it: a release of an earlier one comes too late.</param>
internal readonly record struct PublisherMark(string ClientId, ulong Incarnation, ulong Epoch, ushort PacketIdentifier)
{
    public static PublisherMark None { get; } = new("", 0, 0, 0);
}

/// <summary>A persistent session that gets a message, and how.</summary>
internal readonly record struct DurableRecipient(
    string ClientId, ulong Incarnation, byte Qos, bool Retain, uint Identifier, uint[]? MoreIdentifiers);

/// <summary>A record of the messages topic.</summary>
internal readonly record struct DecodedPublish(
    Message? Message, PublisherMark Publisher, IReadOnlyList<DurableRecipient> Recipients, string Sender, bool IsListedOnly, bool HasGroups);
