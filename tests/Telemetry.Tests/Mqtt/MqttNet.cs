using System.Text;
using MQTTnet.Adapter;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Mqtt;

namespace Telemetry.Tests.Mqtt;

/// <summary>
/// Packets as MQTTnet reads and writes them: an oracle that does not share the mistakes of our codec. It shows what is absent as
/// its default, and does not write a default.
/// </summary>
internal static class MqttNet
{
    /// <summary>Reads one whole packet.</summary>
    public static TPacket Read<TPacket>(byte[] bytes, MqttVersion version)
        where TPacket : MqttPacket
    {
        var reader = new MqttBufferReader();
        reader.SetBuffer(bytes, 1, bytes.Length - 1);
        var length = (int)reader.ReadVariableByteInteger();
        reader.BytesLeft.ShouldBe(length);
        var body = new ArraySegment<byte>(bytes, bytes.Length - length, length);
        return Formatter(version).Decode(new ReceivedMqttPacket(bytes[0], body, bytes.Length)).ShouldBeOfType<TPacket>();
    }

    public static byte[] Write(MqttPacket packet, MqttVersion version) => Formatter(version).Encode(packet).ToArray();

    public static void ShouldBe(this MqttConnectPacket read, ConnectPacket expected)
    {
        read.ClientId.ShouldBe(expected.ClientId);
        read.CleanSession.ShouldBe(expected.CleanStart);
        read.KeepAlivePeriod.ShouldBe(expected.KeepAlive);
        read.Username.ShouldBe(expected.UserName);
        read.Password.ShouldBe(expected.Password?.ToArray());
        var p = expected.Properties ?? new MqttProperties();
        read.SessionExpiryInterval.ShouldBe(p.SessionExpiryInterval ?? 0);
        read.ReceiveMaximum.ShouldBe(p.ReceiveMaximum ?? 0);
        read.MaximumPacketSize.ShouldBe(p.MaximumPacketSize ?? 0);
        read.TopicAliasMaximum.ShouldBe(p.TopicAliasMaximum ?? 0);
        read.RequestResponseInformation.ShouldBe(p.RequestResponseInformation == 1);
        read.RequestProblemInformation.ShouldBe(expected.Version == MqttVersion.V500 && p.RequestProblemInformation != 0);
        read.AuthenticationMethod.ShouldBe(p.AuthenticationMethod);
        read.AuthenticationData.ShouldBe(p.AuthenticationData);
        read.UserProperties.ShouldBe(p);
        read.WillFlag.ShouldBe(expected.Will is not null);
        if (expected.Will is not { } will)
        {
            return;
        }
        read.WillTopic.ShouldBe(will.TopicName);
        read.WillMessage.ShouldBe(will.Payload.ToArray());
        ((int)read.WillQoS).ShouldBe((int)will.Qos);
        read.WillRetain.ShouldBe(will.Retain);
        var w = will.Properties ?? new MqttProperties();
        read.WillDelayInterval.ShouldBe(w.WillDelayInterval ?? 0);
        ((int)read.WillPayloadFormatIndicator).ShouldBe(w.PayloadFormatIndicator ?? 0);
        read.WillMessageExpiryInterval.ShouldBe(w.MessageExpiryInterval ?? 0);
        read.WillContentType.ShouldBe(w.ContentType);
        read.WillResponseTopic.ShouldBe(w.ResponseTopic);
        read.WillCorrelationData.ShouldBe(w.CorrelationData);
        read.WillUserProperties.ShouldBe(w);
    }

    public static void ShouldBe(this MqttConnAckPacket read, ConnAckPacket expected)
    {
        read.IsSessionPresent.ShouldBe(expected.SessionPresent);
        var p = expected.Properties ?? new MqttProperties();
        read.SessionExpiryInterval.ShouldBe(p.SessionExpiryInterval ?? 0);
        read.ReceiveMaximum.ShouldBe(p.ReceiveMaximum ?? 0);
        read.MaximumPacketSize.ShouldBe(p.MaximumPacketSize ?? 0);
        read.TopicAliasMaximum.ShouldBe(p.TopicAliasMaximum ?? 0);
        read.ServerKeepAlive.ShouldBe(p.ServerKeepAlive ?? 0);
        read.AssignedClientIdentifier.ShouldBe(p.AssignedClientIdentifier);
        read.ReasonString.ShouldBe(p.ReasonString);
        read.ResponseInformation.ShouldBe(p.ResponseInformation);
        read.ServerReference.ShouldBe(p.ServerReference);
        read.AuthenticationMethod.ShouldBe(p.AuthenticationMethod);
        read.AuthenticationData.ShouldBe(p.AuthenticationData);
        read.UserProperties.ShouldBe(p);
    }

    /// <summary>What MQTT 5 alone has: all of it is available unless the CONNACK says that it is not.</summary>
    public static void ShouldOffer(this MqttConnAckPacket read, MqttProperties? properties)
    {
        read.RetainAvailable.ShouldBe(properties?.RetainAvailable != 0);
        read.WildcardSubscriptionAvailable.ShouldBe(properties?.WildcardSubscriptionAvailable != 0);
        read.SubscriptionIdentifiersAvailable.ShouldBe(properties?.SubscriptionIdentifierAvailable != 0);
        read.SharedSubscriptionAvailable.ShouldBe(properties?.SharedSubscriptionAvailable != 0);
        read.MaximumQoS.ShouldBe((MqttQualityOfServiceLevel)(properties?.MaximumQos ?? 2));
    }

    /// <summary>The properties that are forwarded; the others are those of a delivery.</summary>
    public static void ShouldForward(this MqttPublishPacket read, MqttProperties? properties)
    {
        var p = properties ?? new MqttProperties();
        ((int)read.PayloadFormatIndicator).ShouldBe(p.PayloadFormatIndicator ?? 0);
        read.ContentType.ShouldBe(p.ContentType);
        read.ResponseTopic.ShouldBe(p.ResponseTopic);
        read.CorrelationData.ShouldBe(p.CorrelationData);
        read.UserProperties.ShouldBe(p);
    }

    public static void ShouldBe(this MqttTopicFilter read, SubscriptionRequest expected)
    {
        read.Topic.ShouldBe(expected.FilterText);
        ((int)read.QualityOfServiceLevel).ShouldBe((int)expected.Qos);
        read.NoLocal.ShouldBe(expected.NoLocal);
        read.RetainAsPublished.ShouldBe(expected.RetainAsPublished);
        ((int)read.RetainHandling).ShouldBe((int)expected.RetainHandling);
    }

    public static void ShouldBe(this List<MQTTnet.Packets.MqttUserProperty>? read, MqttProperties? expected) =>
        (read ?? []).Select(p => (p.Name, Encoding.UTF8.GetString(p.ValueBuffer.Span)))
            .ShouldBe((expected?.UserProperties ?? []).Select(p => (p.Name, p.Value)));

    /// <summary>Reads PUBACK, PUBREC, PUBREL or PUBCOMP.</summary>
    public static (MqttPacketWithIdentifier Packet, int Code, string? Reason, List<MQTTnet.Packets.MqttUserProperty>? UserProperties)
        ReadAcknowledgement(byte[] bytes, MqttPacketType type, MqttVersion version)
    {
        switch (type)
        {
            case MqttPacketType.PubAck:
                var pubAck = Read<MqttPubAckPacket>(bytes, version);
                return (pubAck, (int)pubAck.ReasonCode, pubAck.ReasonString, pubAck.UserProperties);
            case MqttPacketType.PubRec:
                var pubRec = Read<MqttPubRecPacket>(bytes, version);
                return (pubRec, (int)pubRec.ReasonCode, pubRec.ReasonString, pubRec.UserProperties);
            case MqttPacketType.PubRel:
                var pubRel = Read<MqttPubRelPacket>(bytes, version);
                return (pubRel, (int)pubRel.ReasonCode, pubRel.ReasonString, pubRel.UserProperties);
            default:
                var pubComp = Read<MqttPubCompPacket>(bytes, version);
                return (pubComp, (int)pubComp.ReasonCode, pubComp.ReasonString, pubComp.UserProperties);
        }
    }

    private static IMqttPacketFormatter Formatter(MqttVersion version) => MqttPacketFormatterAdapter.GetMqttPacketFormatter(
        version == MqttVersion.V500 ? MqttProtocolVersion.V500 : MqttProtocolVersion.V311, new MqttBufferWriter(4096, 65_535));
}
