using System.Text;
using Telemetry.Mqtt.Ingest;

namespace Telemetry.Bridge.Ingest;

/// <summary>Asks, without a bridge, whether a client may speak for the device of a topic.</summary>
public static class IngestIdentity
{
    /// <summary>Null when it may, or when the topic is none of readings; otherwise a sentence that says why not.</summary>
    /// <param name="options">Rules of the bridge.</param>
    /// <param name="topicName">Topic name.</param>
    /// <param name="userName">Authenticated user, if any.</param>
    /// <param name="certificateName">Name in the verified certificate, if any.</param>
    /// <param name="speaksForOthers">An access rule names this client.</param>
    public static string? Problem(BridgeOptions options, string topicName, string? userName, string? certificateName, bool speaksForOthers)
    {
        var policy = new PublishPolicy(options);
        var topic = Encoding.UTF8.GetBytes(topicName);
        if (!policy.Topics.IsIngest(topic))
        {
            return null;
        }

        var publish = new IngestPublish
        {
            TopicName = topic, Payload = [], ClientId = "", UserName = userName, CertificateName = certificateName, SpeaksForOthers = speaksForOthers,
        };
        return policy.Check(publish, out _)?.Detail;
    }
}
