using Telemetry.Edge.Security.Rules;

namespace Telemetry.Edge.Security;

/// <summary>Asks the rules of now.</summary>
internal sealed class RuleAuthorizer(AccessRules rules) : IAuthorizer
{
    private AccessRules _rules = rules;

    public AccessRules Rules
    {
        get => Volatile.Read(ref _rules);
        set => Volatile.Write(ref _rules, value);
    }

    public PublishRight MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => Rules.MayPublish(client, topicName);

    public bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter) => Rules.MaySubscribe(client, topicFilter);

    public bool MayReceive(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => Rules.MaySubscribe(client, topicName);
}
