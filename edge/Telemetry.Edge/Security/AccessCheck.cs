using Telemetry.Edge.Security.Rules;

namespace Telemetry.Edge.Security;

/// <summary>Asks the rules of some options without a broker.</summary>
public static class AccessCheck
{
    /// <summary>Whether a client may publish to a topic name, or subscribe to a topic filter.</summary>
    /// <exception cref="EdgeConfigurationException">A rule cannot be read.</exception>
    public static AccessAnswer Explain(EdgeOptions options, MqttClientIdentity client, bool publish, string topic)
    {
        ArgumentNullException.ThrowIfNull(options);
        var (allowed, right, why) = AccessRules.Load(options).Explain(client, publish, topic);
        return new AccessAnswer(allowed, right == PublishRight.AllowedByName, why);
    }
}

/// <summary>An answer of the rules.</summary>
/// <param name="Allowed">It may.</param>
/// <param name="SpeaksForOthers">A rule names this client: it may publish readings of devices of other names.</param>
/// <param name="Why">The rule that decided, or that there was none.</param>
public sealed record AccessAnswer(bool Allowed, bool SpeaksForOthers, string Why);
