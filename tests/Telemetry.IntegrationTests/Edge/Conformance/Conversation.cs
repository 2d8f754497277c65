using Telemetry.Mqtt;
using Telemetry.Testing.Mqtt;

namespace Telemetry.IntegrationTests.Edge.Conformance;

/// <summary>The two sides of a conversation that these tests have again and again, in either version.</summary>
internal static class Conversation
{
    /// <summary>Connects, and returns what CONNACK said too.</summary>
    public static async Task<(RawClient Client, ConnAckPacket Answer)> GreetAsync(this TestBroker broker, ConnectPacket connect)
    {
        var client = await broker.OpenRawAsync(connect.Version);
        await client.WriteAsync(output => ClientPackets.Connect(output, connect));
        return (client, await client.ConnAckAsync());
    }

    /// <summary>Connects to a session that outlives the connection; true: it was there.</summary>
    public static async Task<(RawClient Client, bool Present)> ResumeAsync(
        this TestBroker broker, string id, MqttVersion version, WillMessage? will = null)
    {
        var (client, answer) = await broker.GreetAsync(new ConnectPacket
        {
            Version = version,
            ClientId = id,
            Will = will,
            Properties = version == MqttVersion.V500 ? new MqttProperties { SessionExpiryInterval = 1000 } : null,
        });
        answer.ReasonCode.ShouldBe(ReasonCode.Success);
        return (client, answer.SessionPresent);
    }

    /// <summary>Says goodbye, and waits until the broker has ended the connection.</summary>
    public static async Task LeaveAsync(this RawClient client)
    {
        await client.WriteAsync(output => DisconnectPacket.Write(output, client.Version, ReasonCode.Success));
        (await client.TryNextAsync()).ShouldBeNull();
        await client.DisposeAsync();
    }

    /// <summary>Ends without a word, and waits until the broker knows.</summary>
    public static async Task CrashAsync(this TestBroker broker, RawClient client)
    {
        var left = broker.Broker.Connections - 1;
        client.Cut();
        await broker.UntilConnectionsAsync(left);
    }

    /// <summary>Publishes and goes through the acknowledgements of the QoS.</summary>
    public static async Task<ReasonCode> DeliverAsync(
        this RawClient client,
        string topic,
        string payload,
        MqttQos qos = MqttQos.AtLeastOnce,
        ushort id = 1,
        bool retain = false,
        MqttProperties? properties = null)
    {
        await client.WriteAsync(output => PublishPacket.Write(
            output,
            client.Version,
            PublishMessage.Create(topic, System.Text.Encoding.UTF8.GetBytes(payload), properties),
            new PublishDelivery
            {
                Qos = qos,
                PacketIdentifier = id,
                Retain = retain,
                MessageExpiryInterval = properties?.MessageExpiryInterval,
            }));
        if (qos == MqttQos.AtMostOnce)
        {
            await client.PingAsync();
            return ReasonCode.Success;
        }

        var first = await client.NextAsync();
        (first.Type, first.Id).ShouldBe((qos == MqttQos.AtLeastOnce ? MqttPacketType.PubAck : MqttPacketType.PubRec, id));
        if (qos == MqttQos.ExactlyOnce && first.Code < ReasonCode.UnspecifiedError)
        {
            await client.AckAsync(MqttPacketType.PubRel, id);
            var last = await client.NextAsync();
            (last.Type, last.Id).ShouldBe((MqttPacketType.PubComp, id));
        }

        return first.Code;
    }

    /// <summary>Takes a delivery and acknowledges it as its QoS asks.</summary>
    public static async Task<Delivered> ReceiveAsync(this RawClient client)
    {
        var delivery = await client.TakeAsync();
        if (delivery.Qos == MqttQos.AtLeastOnce)
        {
            await client.AckAsync(MqttPacketType.PubAck, delivery.Id);
        }
        else if (delivery.Qos == MqttQos.ExactlyOnce)
        {
            await client.AckAsync(MqttPacketType.PubRec, delivery.Id);
            var release = await client.NextAsync();
            (release.Type, release.Id).ShouldBe((MqttPacketType.PubRel, delivery.Id));
            await client.AckAsync(MqttPacketType.PubComp, delivery.Id);
        }

        return delivery;
    }

    /// <summary>Takes a delivery and does not acknowledge it.</summary>
    public static async Task<Delivered> TakeAsync(this RawClient client) => Delivered.Of(await client.NextAsync());

    /// <summary>A filter to ask for, valid or not.</summary>
    public static SubscriptionRequest Want(string filter, MqttQos qos, bool noLocal = false, bool retainAsPublished = false) =>
        new() { FilterText = filter, Qos = qos, NoLocal = noLocal, RetainAsPublished = retainAsPublished };

    /// <summary>Subscribes and returns the codes of SUBACK.</summary>
    public static async Task<IReadOnlyList<ReasonCode>> AskAsync(
        this RawClient client, ushort id, MqttProperties? properties, params SubscriptionRequest[] requests)
    {
        await client.WriteAsync(output => ClientPackets.Subscribe(
            output, client.Version, new SubscribePacket { PacketIdentifier = id, Requests = requests, Properties = properties }));
        var packet = await client.NextAsync();
        packet.Type.ShouldBe(MqttPacketType.SubAck);
        ServerPackets.SubAck(packet.Body, client.Version, out var answer, out var error).ShouldBeTrue(error.ToString());
        answer!.PacketIdentifier.ShouldBe(id);
        return answer.ReasonCodes;
    }

    /// <inheritdoc cref="AskAsync(RawClient, ushort, MqttProperties?, SubscriptionRequest[])"/>
    public static Task<IReadOnlyList<ReasonCode>> AskAsync(this RawClient client, ushort id, params SubscriptionRequest[] requests) =>
        client.AskAsync(id, null, requests);

    /// <summary>Unsubscribes and returns the codes of UNSUBACK, none in 3.1.1.</summary>
    public static async Task<IReadOnlyList<ReasonCode>> DropAsync(this RawClient client, ushort id, params string[] filters)
    {
        await client.WriteAsync(output => ClientPackets.Unsubscribe(
            output, client.Version, new UnsubscribePacket { PacketIdentifier = id, Filters = filters }));
        var packet = await client.NextAsync();
        packet.Type.ShouldBe(MqttPacketType.UnsubAck);
        ServerPackets.UnsubAck(packet.Body, client.Version, out var answer, out var error).ShouldBeTrue(error.ToString());
        answer!.PacketIdentifier.ShouldBe(id);
        return answer.ReasonCodes;
    }

    /// <summary>The connection ends: in 5.0 behind a DISCONNECT with this code, in 3.1.1 without a word.</summary>
    public static Task ShouldEndAsync(this RawClient client, ReasonCode code) =>
        client.ShouldBeClosedAsync(client.Version == MqttVersion.V500 ? code : null);
}

/// <summary>A PUBLISH from the broker, whole.</summary>
internal sealed record Delivered(
    string Topic, string Payload, MqttQos Qos, ushort Id, bool Duplicate, bool Retain, MqttProperties Properties)
{
    /// <summary>The same delivery, sent again.</summary>
    public void ShouldBeAgain(Delivered first) => (this with { Properties = first.Properties }).ShouldBe(first with { Duplicate = true });

    public static Delivered Of(RawPacket packet)
    {
        packet.Type.ShouldBe(MqttPacketType.Publish);
        PublishPacket.TryParse(packet.Flags, packet.Body, packet.Version, out var publish, out var error).ShouldBeTrue(error.ToString());
        MqttProperties.TryParse(publish.Properties, MqttPropertyOwner.Publish, out var properties, out error).ShouldBeTrue(error.ToString());
        return new Delivered(
            System.Text.Encoding.UTF8.GetString(publish.TopicName),
            System.Text.Encoding.UTF8.GetString(publish.Payload),
            publish.Qos,
            publish.PacketIdentifier,
            publish.Duplicate,
            publish.Retain,
            properties ?? new MqttProperties());
    }
}
