using System.Buffers;
using FsCheck;
using FsCheck.Fluent;
using MQTTnet.Packets;
using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>
/// What our encoder writes, MQTTnet reads; what MQTTnet writes, our decoder reads; and the size that was computed is the size
/// that was written.
/// </summary>
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
            from resume in Gen.Elements(true, false)
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
                // MQTTnet insists on it for a client of 3.1.1 without a name. [MQTT-3.1.3-7]
                CleanStart = !resume || (version == MqttVersion.V311 && clientId.Length == 0),
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
        Check(packets, packet =>
        {
            var ours = Written(o => ClientPackets.Connect(o, packet));
            var read = MqttNet.Read<MqttConnectPacket>(ours, packet.Version);
            read.ShouldBe(packet);
            // MQTTnet refuses to write two things that MQTT 5 allows.
            var onlyOurs = (packet.Password is not null && packet.UserName is null) || (packet.ClientId.Length == 0 && !packet.CleanStart);
            Decode(onlyOurs ? ours : MqttNet.Write(read, packet.Version), packet.Version).ShouldBe(Dump.Connect(packet));
        });
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
        Check(packets, x =>
        {
            var (version, packet) = x;
            var read = MqttNet.Read<MqttConnAckPacket>(Written(o => ConnAckPacket.Write(o, version, packet)), version);
            read.ShouldBe(packet);
            if (version == MqttVersion.V500)
            {
                ((int)read.ReasonCode).ShouldBe((int)packet.ReasonCode);
                read.ShouldOffer(packet.Properties);
                return;
            }
            ((int)read.ReturnCode).ShouldBe(packet.ReasonCode switch
            {
                ReasonCode.Success => 0,
                ReasonCode.ClientIdentifierNotValid => 2,
                _ => 5,
            });
        });
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
            var omitted = x.omit && x.alias != 0 && five;
            var written = new ArrayBufferWriter<byte>();
            var delivery = new PublishDelivery
            {
                Qos = (MqttQos)x.qos,
                Retain = x.retain,
                Duplicate = x.duplicate,
                PacketIdentifier = x.identifier,
                TopicAlias = (ushort)x.alias,
                OmitTopicName = omitted,
                MessageExpiryInterval = x.expiry,
                SubscriptionIdentifiers = x.subscriptions,
            };
            var size = PublishPacket.Write(written, x.version, message, delivery);
            size.ShouldBe(written.WrittenCount);
            PublishPacket.SizeOf(x.version, message, delivery).ShouldBe(size);
            var read = MqttNet.Read<MqttPublishPacket>(written.WrittenSpan.ToArray(), x.version);
            read.Topic.ShouldBe(omitted ? "" : x.topic);
            read.Payload.ToArray().ShouldBe(x.payload);
            ((int)read.QualityOfServiceLevel).ShouldBe(x.qos);
            read.Retain.ShouldBe(x.retain);
            read.Dup.ShouldBe(x.duplicate && x.qos > 0);
            read.PacketIdentifier.ShouldBe(x.qos > 0 ? x.identifier : (ushort)0);
            read.TopicAlias.ShouldBe(five ? (ushort)x.alias : (ushort)0);
            read.MessageExpiryInterval.ShouldBe(five ? x.expiry ?? 0 : 0);
            (read.SubscriptionIdentifiers ?? []).ShouldBe(five ? x.subscriptions : []);
            read.ShouldForward(five ? x.properties : null);
            // Our own bytes too: MQTTnet writes no expiry of 0.
            ShouldBeRead(written.WrittenSpan.ToArray(), x.expiry);
            ShouldBeRead(MqttNet.Write(read, x.version), x.expiry == 0 ? null : x.expiry);

            void ShouldBeRead(byte[] bytes, uint? expiry)
            {
                MqttFrame.TryRead(new ReadOnlySequence<byte>(bytes), bytes.Length, out var frame, out _, out _, out _)
                    .ShouldBe(FrameStatus.Complete);
                using var body = frame.GetBody();
                PublishPacket.TryParse(frame.Flags, body.Span, x.version, out var packet, out var error)
                    .ShouldBeTrue(error.ToString());
                packet.TopicName.ToArray().ShouldBe(omitted ? [] : message.TopicName.ToArray());
                packet.Payload.ToArray().ShouldBe(x.payload);
                packet.Qos.ShouldBe((MqttQos)x.qos);
                packet.Retain.ShouldBe(x.retain);
                packet.Duplicate.ShouldBe(x.duplicate && x.qos > 0);
                packet.PacketIdentifier.ShouldBe(x.qos > 0 ? x.identifier : (ushort)0);
                packet.TopicAlias.ShouldBe(five ? (ushort)x.alias : (ushort)0);
                packet.MessageExpiryInterval.ShouldBe(five ? expiry : null);
                packet.SubscriptionIdentifier.ShouldBe(five && x.subscriptions.Length > 0 ? x.subscriptions[0] : 0);
                var back = PublishMessage.From(packet, message.TopicName);
                Forwarded(back).ShouldBe(five ? Forwarded(message) : "{}");
                back.Payload.ToArray().ShouldBe(x.payload);
                back.TopicName.ToArray().ShouldBe(message.TopicName.ToArray());
            }
        });

        static string Forwarded(PublishMessage message)
        {
            MqttProperties.TryParse(message.ForwardedProperties, MqttPropertyOwner.Publish, out var properties, out var error)
                .ShouldBeTrue(error.ToString());
            return Dump.Properties(properties);
        }
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
            var five = x.version == MqttVersion.V500;
            var bytes = Written(o => PubAckPacket.Write(o, x.type, x.version, x.identifier, code, x.properties));
            var read = MqttNet.ReadAcknowledgement(bytes, x.type, x.version);
            (read.Packet.PacketIdentifier, read.Code, read.Reason)
                .ShouldBe((x.identifier, five ? (int)code : 0, five ? x.properties?.ReasonString : null));
            read.UserProperties.ShouldBe(five ? x.properties : null);
            Decode(MqttNet.Write(read.Packet, x.version), x.version)
                .ShouldStartWith($"{x.type} {x.identifier} {(five ? code : ReasonCode.Success)} ");
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
            var subscribe = MqttNet.Read<MqttSubscribePacket>(
                Written(o => ClientPackets.Subscribe(o, x.version, new SubscribePacket
                {
                    PacketIdentifier = x.identifier,
                    Requests = requests,
                    Properties = properties,
                })),
                x.version);
            subscribe.PacketIdentifier.ShouldBe(x.identifier);
            subscribe.TopicFilters.Count.ShouldBe(requests.Count);
            foreach (var (filter, request) in subscribe.TopicFilters.Zip(requests))
            {
                filter.ShouldBe(request);
            }
            subscribe.SubscriptionIdentifier.ShouldBe(properties?.SubscriptionIdentifier ?? 0);
            subscribe.UserProperties.ShouldBe(properties);
            Decode(MqttNet.Write(subscribe, x.version), x.version)
                .ShouldBe($"SUBSCRIBE {x.identifier} {string.Join(";", requests.Select(Dump.Request))} {Dump.Properties(properties)}");
            if (properties is not null)
            {
                // UNSUBSCRIBE has none.
                properties.SubscriptionIdentifier = null;
            }
            var unsubscribe = new MqttUnsubscribePacket
            {
                PacketIdentifier = x.identifier,
                TopicFilters = [.. x.filters],
                UserProperties = subscribe.UserProperties,
            };
            Decode(MqttNet.Write(unsubscribe, x.version), x.version)
                .ShouldBe($"UNSUBSCRIBE {x.identifier} {string.Join(";", x.filters)} {Dump.Properties(properties)}");
            var subAck = MqttNet.Read<MqttSubAckPacket>(
                Written(o => SubAckPacket.Write(o, x.version, new SubAckPacket
                {
                    PacketIdentifier = x.identifier,
                    ReasonCodes = [ReasonCode.GrantedQos1, ReasonCode.NotAuthorized],
                    Properties = ackProperties,
                })),
                x.version);
            subAck.PacketIdentifier.ShouldBe(x.identifier);
            subAck.ReasonCodes.Select(c => (int)c).ShouldBe([1, (int)(five ? ReasonCode.NotAuthorized : ReasonCode.UnspecifiedError)]);
            subAck.ReasonString.ShouldBe(ackProperties?.ReasonString);
            subAck.UserProperties.ShouldBe(ackProperties);
            var unsubAck = MqttNet.Read<MqttUnsubAckPacket>(
                Written(o => UnsubAckPacket.Write(o, x.version, new UnsubAckPacket
                {
                    PacketIdentifier = x.identifier,
                    ReasonCodes = [ReasonCode.NoSubscriptionExisted],
                    Properties = ackProperties,
                })),
                x.version);
            unsubAck.PacketIdentifier.ShouldBe(x.identifier);
            (unsubAck.ReasonCodes ?? []).Select(c => (int)c).ShouldBe(five ? [(int)ReasonCode.NoSubscriptionExisted] : []);
            unsubAck.ReasonString.ShouldBe(ackProperties?.ReasonString);
            unsubAck.UserProperties.ShouldBe(ackProperties);
        });
    }

    [Fact]
    public void Disconnect_and_ping_come_back()
    {
        Check(Properties(MqttPropertyOwner.Disconnect), properties =>
        {
            var read = MqttNet.Read<MqttDisconnectPacket>(
                Written(o => DisconnectPacket.Write(o, MqttVersion.V500, ReasonCode.QuotaExceeded, properties)), MqttVersion.V500);
            ((int)read.ReasonCode).ShouldBe((int)ReasonCode.QuotaExceeded);
            read.SessionExpiryInterval.ShouldBe(properties?.SessionExpiryInterval ?? 0);
            read.ReasonString.ShouldBe(properties?.ReasonString);
            read.ServerReference.ShouldBe(properties?.ServerReference);
            read.UserProperties.ShouldBe(properties);
            Decode(MqttNet.Write(read, MqttVersion.V500), MqttVersion.V500)
                .ShouldBe($"DISCONNECT QuotaExceeded {Dump.Properties(properties)}");
        });
        MqttNet.Read<MqttDisconnectPacket>(
            Written(o => DisconnectPacket.Write(o, MqttVersion.V311, ReasonCode.QuotaExceeded)), MqttVersion.V311);
        Decode(MqttNet.Write(new MqttDisconnectPacket(), MqttVersion.V311), MqttVersion.V311).ShouldBe("DISCONNECT Success {}");
        Decode(MqttNet.Write(MqttPingReqPacket.Instance, MqttVersion.V311), MqttVersion.V311).ShouldBe("PingReq");
        MqttNet.Read<MqttPingRespPacket>(Written(o => PingPacket.Write(o)), MqttVersion.V500);
    }

    private static void Check<T>(Gen<T> gen, Action<T> body) => Prop.ForAll(gen.ToArbitrary(), body).Check(Config);

    private static byte[] Written(Func<IBufferWriter<byte>, int> write)
    {
        var written = new ArrayBufferWriter<byte>();
        write(written).ShouldBe(written.WrittenCount);
        return written.WrittenSpan.ToArray();
    }

    /// <summary>What our decoder makes of a client's packet.</summary>
    private static string Decode(byte[] bytes, MqttVersion version)
    {
        var decoded = Decoded.Once(new ReadOnlySequence<byte>(bytes), version, Sender.Client);
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
        Maybe(MqttPropertyId.RetainAvailable, () => p.RetainAvailable = (byte)(bits & 1));
        Maybe(MqttPropertyId.MaximumPacketSize, () => p.MaximumPacketSize = 1);
        Maybe(MqttPropertyId.WildcardSubscriptionAvailable, () => p.WildcardSubscriptionAvailable = (byte)(bits & 1));
        Maybe(MqttPropertyId.SubscriptionIdentifierAvailable, () => p.SubscriptionIdentifierAvailable = (byte)(bits & 1));
        Maybe(MqttPropertyId.SharedSubscriptionAvailable, () => p.SharedSubscriptionAvailable = (byte)(bits & 1));
        Maybe(MqttPropertyId.UserProperty, () => p.AddUserProperty("n", "1").AddUserProperty("n", "2").AddUserProperty("", ""));
        if (p.AuthenticationMethod is not null)
        {
            p.AuthenticationData = [1, 2, 3];
        }
        return set == 0 ? null : p;
    }
}
