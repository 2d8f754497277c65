using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>What the encoder writes, the decoder reads back; and the size it computed is the size it wrote.</summary>
public sealed class RoundTripTests
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(300);

    private static readonly Gen<string> Text = Gen.Elements("", "a", "telemetry/v1/d", "\u00C5/\uFEFF", "\U0001F600", new string('x', 300));

    private static readonly Gen<string> Name = Gen.Elements("a", "/", "telemetry/v1/d/readings", "\U0001F600/b", new string('y', 500));

    private static readonly Gen<byte[]> Bytes = Gen.Elements<byte[]>([], [0], [0xFF, 0x00], new byte[300]);

    private static readonly Gen<MqttVersion> Versions = Gen.Elements(MqttVersion.V311, MqttVersion.V500);

    private static readonly Gen<ushort> Identifiers = Gen.Choose(1, 65_535).Select(i => (ushort)i);

    [Fact]
    public void Connect_comes_back()
    {
        var packets =
            from version in Versions
            from clientId in Text
            from clean in Gen.Elements(true, false)
            from keepAlive in Gen.Choose(0, 65_535)
            from userName in Text.OrNull()
            from password in Bytes.OrNull()
            from willTopic in Name.OrNull()
            from payload in Bytes
            from qos in Gen.Choose(0, 2)
            from retain in Gen.Elements(true, false)
            from properties in Properties(MqttPropertyOwner.Connect)
            from willProperties in Properties(MqttPropertyOwner.Will)
            select new ConnectPacket
            {
                Version = version,
                ClientId = clientId,
                CleanStart = clean,
                KeepAlive = (ushort)keepAlive,
                UserName = userName,
                Password = password is null || (version == MqttVersion.V311 && userName is null)
                    ? (ReadOnlyMemory<byte>?)null
                    : password,
                Will = willTopic is null ? null : new WillMessage
                {
                    TopicName = willTopic,
                    Payload = payload,
                    Qos = (MqttQos)qos,
                    Retain = retain,
                    Properties = version == MqttVersion.V311 ? null : willProperties,
                },
                Properties = version == MqttVersion.V311 ? null : properties,
            };
        Check(packets, packet => ReadBack(o => ClientPackets.Connect(o, packet), packet.Version, Sender.Client)
            .ShouldBe(Dump.Connect(packet)));
    }

    [Fact]
    public void Connack_comes_back()
    {
        var packets =
            from version in Versions
            from code in Gen.Elements(ReasonCode.Success, ReasonCode.NotAuthorized, ReasonCode.ClientIdentifierNotValid)
            from present in Gen.Elements(true, false)
            from properties in Properties(MqttPropertyOwner.ConnAck)
            select (version, new ConnAckPacket
            {
                SessionPresent = present && code == ReasonCode.Success,
                ReasonCode = code,
                Properties = version == MqttVersion.V311 ? null : properties,
            });
        Check(packets, x => ReadBack(o => ConnAckPacket.Write(o, x.version, x.Item2), x.version, Sender.Server)
            .ShouldBe($"CONNACK {x.Item2.SessionPresent} {x.Item2.ReasonCode} {Dump.Properties(x.Item2.Properties)}"));
    }

    [Fact]
    public void Publish_comes_back()
    {
        var packets =
            from version in Versions
            from topic in Name
            from payload in Bytes
            from qos in Gen.Choose(0, 2)
            from retain in Gen.Elements(true, false)
            from duplicate in Gen.Elements(true, false)
            from identifier in Identifiers
            from alias in Gen.Elements(0, 1, 65_535)
            from omit in Gen.Elements(true, false)
            from expiry in Gen.Elements<uint?>(null, 0, uint.MaxValue)
            from subscriptions in Gen.Elements<uint[]>([], [1], [127, 128, 268_435_455])
            from properties in Properties(MqttPropertyOwner.Publish)
            select (version, topic, payload, qos, retain, duplicate, identifier, alias, omit, expiry, subscriptions, properties);
        Check(packets, x =>
        {
            var message = PublishMessage.Create(x.topic, x.payload, x.properties);
            var five = x.version == MqttVersion.V500;
            var written = new ArrayBufferWriter<byte>();
            var delivery = new PublishDelivery
            {
                Qos = (MqttQos)x.qos,
                Retain = x.retain,
                Duplicate = x.duplicate,
                PacketIdentifier = x.identifier,
                TopicAlias = (ushort)x.alias,
                OmitTopicName = x.omit && x.alias != 0 && five,
                MessageExpiryInterval = x.expiry,
                SubscriptionIdentifiers = x.subscriptions,
            };
            var size = PublishPacket.Write(written, x.version, message, delivery);
            size.ShouldBe(written.WrittenCount);
            PublishPacket.SizeOf(x.version, message, delivery).ShouldBe(size);
            MqttFrame.TryRead(new ReadOnlySequence<byte>(written.WrittenMemory), size, out var frame, out _, out _, out _)
                .ShouldBe(FrameStatus.Complete);
            using var body = frame.GetBody();
            PublishPacket.TryParse(frame.Flags, body.Span, x.version, out var packet, out var error)
                .ShouldBeTrue(error.ToString());
            packet.TopicName.ToArray().ShouldBe(delivery.OmitTopicName ? [] : message.TopicName.ToArray());
            packet.Payload.ToArray().ShouldBe(x.payload);
            packet.Qos.ShouldBe((MqttQos)x.qos);
            packet.Retain.ShouldBe(x.retain);
            packet.Duplicate.ShouldBe(x.duplicate && x.qos > 0);
            packet.PacketIdentifier.ShouldBe(x.qos > 0 ? x.identifier : (ushort)0);
            packet.TopicAlias.ShouldBe(five ? (ushort)x.alias : (ushort)0);
            packet.MessageExpiryInterval.ShouldBe(five ? x.expiry : null);
            packet.SubscriptionIdentifier.ShouldBe(five && x.subscriptions.Length > 0 ? x.subscriptions[0] : 0);
            var back = PublishMessage.From(packet, message.TopicName);
            back.ForwardedProperties.ToArray().ShouldBe(five ? message.ForwardedProperties.ToArray() : []);
            back.Payload.ToArray().ShouldBe(x.payload);
            back.TopicName.ToArray().ShouldBe(message.TopicName.ToArray());
        });
    }

    [Fact]
    public void Acknowledgements_come_back()
    {
        var packets =
            from type in Gen.Elements(MqttPacketType.PubAck, MqttPacketType.PubRec, MqttPacketType.PubRel, MqttPacketType.PubComp)
            from version in Versions
            from identifier in Identifiers
            from failed in Gen.Elements(true, false)
            from properties in Properties(MqttPropertyOwner.PubAck)
            select (type, version, identifier, failed, properties);
        Check(packets, x =>
        {
            var code = !x.failed ? ReasonCode.Success
                : x.type is MqttPacketType.PubAck or MqttPacketType.PubRec ? ReasonCode.NotAuthorized
                : ReasonCode.PacketIdentifierNotFound;
            var text = ReadBack(
                o => PubAckPacket.Write(o, x.type, x.version, x.identifier, code, x.properties), x.version, Sender.Client);
            text.ShouldStartWith($"{x.type} {x.identifier} {(x.version == MqttVersion.V311 ? ReasonCode.Success : code)} ");
        });
    }

    [Fact]
    public void Subscribe_and_unsubscribe_and_their_answers_come_back()
    {
        var packets =
            from version in Versions
            from identifier in Identifiers
            from filters in Gen.Elements("a", "#", "+/b", "$share/g/a/#").NonEmptyListOf()
            from options in Gen.Choose(0, 2)
            from subscribe in Properties(MqttPropertyOwner.Subscribe)
            from ack in Properties(MqttPropertyOwner.SubAck)
            select (version, identifier, filters, options, subscribe, ack);
        Check(packets, x =>
        {
            var five = x.version == MqttVersion.V500;
            var requests = x.filters.Select(f => new SubscriptionRequest(f, (MqttQos)x.options)
            {
                NoLocal = five && x.options == 1 && !f.StartsWith('$'),
                RetainAsPublished = five && x.options == 2,
                RetainHandling = five ? (RetainHandling)x.options : RetainHandling.SendAtSubscribe,
            }).ToList();
            var properties = five ? x.subscribe : null;
            var ackProperties = five ? x.ack : null;
            ReadBack(
                o => ClientPackets.Subscribe(o, x.version, new SubscribePacket
                {
                    PacketIdentifier = x.identifier,
                    Requests = requests,
                    Properties = properties,
                }),
                x.version,
                Sender.Client)
                .ShouldBe($"SUBSCRIBE {x.identifier} {string.Join(";", requests.Select(Dump.Request))} {Dump.Properties(properties)}");
            if (properties is not null)
            {
                // UNSUBSCRIBE has none.
                properties.SubscriptionIdentifier = null;
            }
            ReadBack(
                o => ClientPackets.Unsubscribe(o, x.version, new UnsubscribePacket
                {
                    PacketIdentifier = x.identifier,
                    Filters = [.. x.filters],
                    Properties = properties,
                }),
                x.version,
                Sender.Client)
                .ShouldStartWith($"UNSUBSCRIBE {x.identifier} {string.Join(";", x.filters)} ");
            ReasonCode[] codes = [ReasonCode.GrantedQos1, ReasonCode.NotAuthorized];
            var shown = five ? "GrantedQos1,NotAuthorized" : "GrantedQos1,UnspecifiedError";
            ReadBack(
                o => SubAckPacket.Write(o, x.version, new SubAckPacket
                {
                    PacketIdentifier = x.identifier,
                    ReasonCodes = codes,
                    Properties = ackProperties,
                }),
                x.version,
                Sender.Server)
                .ShouldBe($"SUBACK {x.identifier} {shown} {Dump.Properties(ackProperties)}");
            ReadBack(
                o => UnsubAckPacket.Write(o, x.version, new UnsubAckPacket
                {
                    PacketIdentifier = x.identifier,
                    ReasonCodes = [ReasonCode.NoSubscriptionExisted],
                    Properties = ackProperties,
                }),
                x.version,
                Sender.Server)
                .ShouldBe($"UNSUBACK {x.identifier} {(five ? "NoSubscriptionExisted" : "")} {Dump.Properties(ackProperties)}");
        });
    }

    [Fact]
    public void Disconnect_and_ping_come_back()
    {
        Check(Properties(MqttPropertyOwner.Disconnect), properties =>
            ReadBack(
                o => DisconnectPacket.Write(o, MqttVersion.V500, ReasonCode.QuotaExceeded, properties),
                MqttVersion.V500,
                Sender.Server)
                .ShouldBe($"DISCONNECT QuotaExceeded {Dump.Properties(properties)}"));
        ReadBack(o => DisconnectPacket.Write(o, MqttVersion.V311, ReasonCode.QuotaExceeded), MqttVersion.V311, Sender.Client)
            .ShouldBe("DISCONNECT Success {}");
        ReadBack(o => ClientPackets.PingReq(o), MqttVersion.V311, Sender.Client).ShouldBe("PingReq");
        ReadBack(o => PingPacket.Write(o), MqttVersion.V500, Sender.Server).ShouldBe("PingResp");
    }

    private static void Check<T>(Gen<T> gen, Action<T> body) => Prop.ForAll(gen.ToArbitrary(), body).Check(Config);

    private static string ReadBack(Func<IBufferWriter<byte>, int> write, MqttVersion version, Sender sender)
    {
        var written = new ArrayBufferWriter<byte>();
        write(written).ShouldBe(written.WrittenCount);
        var decoded = Decoded.Once(new ReadOnlySequence<byte>(written.WrittenMemory), version, sender);
        decoded.Error.ShouldBe(default);
        decoded.Status.ShouldBe(FrameStatus.Complete);
        return decoded.Text;
    }

    /// <summary>Any of the properties that this packet may have; null for none.</summary>
    private static Gen<MqttProperties?> Properties(MqttPropertyOwner owner) =>
        from bits in Gen.Choose(0, int.MaxValue)
        select MakeProperties(owner, bits);

    private static MqttProperties? MakeProperties(MqttPropertyOwner owner, int bits)
    {
        if (bits % 5 == 0)
        {
            return null;
        }
        var p = new MqttProperties();
        var set = 0;
        void Maybe(MqttPropertyId id, Action action)
        {
            if (MqttPropertyRules.IsAllowed(id, owner) && (bits >> ((int)id % 31) & 1) != 0)
            {
                action();
                set++;
            }
        }
        Maybe(MqttPropertyId.PayloadFormatIndicator, () => p.PayloadFormatIndicator = 1);
        Maybe(MqttPropertyId.MessageExpiryInterval, () => p.MessageExpiryInterval = (uint)bits);
        Maybe(MqttPropertyId.ContentType, () => p.ContentType = "application/x-protobuf");
        Maybe(MqttPropertyId.ResponseTopic, () => p.ResponseTopic = "r/\u00C5");
        Maybe(MqttPropertyId.CorrelationData, () => p.CorrelationData = [0, 255]);
        Maybe(MqttPropertyId.SubscriptionIdentifier, () => p.SubscriptionIdentifier = (uint)(bits % 268_435_455 + 1));
        Maybe(MqttPropertyId.SessionExpiryInterval, () => p.SessionExpiryInterval = uint.MaxValue);
        Maybe(MqttPropertyId.AssignedClientIdentifier, () => p.AssignedClientIdentifier = "assigned");
        Maybe(MqttPropertyId.ServerKeepAlive, () => p.ServerKeepAlive = 60);
        Maybe(MqttPropertyId.AuthenticationMethod, () => p.AuthenticationMethod = "SCRAM");
        Maybe(MqttPropertyId.RequestProblemInformation, () => p.RequestProblemInformation = 0);
        Maybe(MqttPropertyId.WillDelayInterval, () => p.WillDelayInterval = 5);
        Maybe(MqttPropertyId.RequestResponseInformation, () => p.RequestResponseInformation = 1);
        Maybe(MqttPropertyId.ResponseInformation, () => p.ResponseInformation = "info");
        Maybe(MqttPropertyId.ServerReference, () => p.ServerReference = "other:1883");
        Maybe(MqttPropertyId.ReasonString, () => p.ReasonString = "why");
        Maybe(MqttPropertyId.ReceiveMaximum, () => p.ReceiveMaximum = 1);
        Maybe(MqttPropertyId.TopicAliasMaximum, () => p.TopicAliasMaximum = 65_535);
        Maybe(MqttPropertyId.MaximumQos, () => p.MaximumQos = 1);
        Maybe(MqttPropertyId.RetainAvailable, () => p.RetainAvailable = 0);
        Maybe(MqttPropertyId.MaximumPacketSize, () => p.MaximumPacketSize = 1);
        Maybe(MqttPropertyId.WildcardSubscriptionAvailable, () => p.WildcardSubscriptionAvailable = 0);
        Maybe(MqttPropertyId.SubscriptionIdentifierAvailable, () => p.SubscriptionIdentifierAvailable = 1);
        Maybe(MqttPropertyId.SharedSubscriptionAvailable, () => p.SharedSubscriptionAvailable = 1);
        Maybe(MqttPropertyId.UserProperty, () => p.AddUserProperty("n", "1").AddUserProperty("n", "2").AddUserProperty("", ""));
        if (p.AuthenticationMethod is not null)
        {
            p.AuthenticationData = [1, 2, 3];
        }
        return set == 0 ? null : p;
    }
}
