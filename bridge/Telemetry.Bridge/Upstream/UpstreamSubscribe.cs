using MQTTnet;
using MQTTnet.Exceptions;
using MQTTnet.Formatter;
using MQTTnet.Packets;
using MQTTnet.Protocol;
using Telemetry.Bridge.Links;

namespace Telemetry.Bridge.Upstream;

/// <summary>What the broker gave.</summary>
/// <param name="SessionPresent">True: it had kept our session.</param>
/// <param name="Shared">True: instances share the messages.</param>
/// <param name="Qos">Lowest quality of service granted.</param>
/// <param name="Version">3.1.1 or 5.0.</param>
internal sealed record UpstreamGrant(bool SessionPresent, bool Shared, int Qos, string Version);

/// <summary>Subscribes at the broker, shared where that can be.</summary>
internal static class UpstreamSubscribe
{
    /// <exception cref="LinkException">The broker refuses a filter, or the connection ended.</exception>
    public static async Task<UpstreamGrant> RunAsync(
        IMqttClient client, MqttClientConnectResult answer, UpstreamOptions options, IReadOnlyList<string> filters, MqttProtocolVersion version,
        CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Timeout);
        try
        {
            var shared = options.Sharing switch
            {
                UpstreamSharing.Always => true,
                UpstreamSharing.Never => false,
                _ => version == MqttProtocolVersion.V500 && answer.SharedSubscriptionAvailable,
            };
            var results = await SubscribeAsync(client, options, filters, shared, version, limit.Token);
            if (shared && options.Sharing == UpstreamSharing.Auto && results.Any(r => r.ResultCode == MqttClientSubscribeResultCode.SharedSubscriptionsNotSupported))
            {
                shared = false;
                results = await SubscribeAsync(client, options, filters, shared, version, limit.Token);
            }

            if (results.FirstOrDefault(r => (int)r.ResultCode >= 0x80) is { } refused)
            {
                throw new LinkException(
                    $"The broker refuses the filter {refused.TopicFilter.Topic} ({refused.ResultCode}). Let its access rules allow it, or give others as Upstream:Filters.",
                    LinkFault.Refused);
            }

            if (answer.IsSessionPresent)
            {
                await UnsubscribeAsync(client, options, filters, !shared, version, limit.Token);
            }

            return new UpstreamGrant(
                answer.IsSessionPresent, shared, results.Min(r => (int)r.ResultCode), version == MqttProtocolVersion.V500 ? "5.0" : "3.1.1");
        }
        catch (Exception e) when (e is MqttCommunicationException or OperationCanceledException or InvalidOperationException && !cancellationToken.IsCancellationRequested)
        {
            throw new LinkException($"The broker did not answer SUBSCRIBE: {e.Message}", LinkFault.Unreachable, e);
        }
    }

    private static async Task<IReadOnlyCollection<MqttClientSubscribeResultItem>> SubscribeAsync(
        IMqttClient client, UpstreamOptions options, IReadOnlyList<string> filters, bool shared, MqttProtocolVersion version, CancellationToken cancellationToken)
    {
        var subscribe = new MqttClientSubscribeOptions();
        foreach (var filter in filters)
        {
            subscribe.TopicFilters.Add(new MqttTopicFilter
            {
                Topic = shared ? UpstreamFilters.Shared(options.Group, filter) : filter,
                QualityOfServiceLevel = (MqttQualityOfServiceLevel)options.Qos,

                // Retained messages are old ones, which a new session need not read; 3.1.1 has no way to say so.
                RetainHandling = version == MqttProtocolVersion.V500 ? MqttRetainHandling.DoNotSendOnSubscribe : MqttRetainHandling.SendAtSubscribe,
            });
        }

        return (await client.SubscribeAsync(subscribe, cancellationToken)).Items;
    }

    /// <summary>A kept session may hold the subscriptions of a time when the broker could share, or could not: every message would come twice.</summary>
    private static async Task UnsubscribeAsync(
        IMqttClient client, UpstreamOptions options, IReadOnlyList<string> filters, bool shared, MqttProtocolVersion version, CancellationToken cancellationToken)
    {
        if (shared && version != MqttProtocolVersion.V500)
        {
            return;
        }

        var unsubscribe = new MqttClientUnsubscribeOptions();
        unsubscribe.TopicFilters.AddRange(filters.Select(filter => shared ? UpstreamFilters.Shared(options.Group, filter) : filter));
        await client.UnsubscribeAsync(unsubscribe, cancellationToken);
    }
}
