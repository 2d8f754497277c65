using System.Text;

namespace Telemetry.Edge.Security.Rules;

/// <summary>
/// All rules at one time, and the order in which they count: a rule that denies wins; else a rule that allows; else it is refused when there is any
/// rule that allows, and allowed when there is none. Immutable: a reload makes another one.
/// </summary>
internal sealed class AccessRules
{
    private readonly AccessRule[] _publish;
    private readonly AccessRule[] _subscribe;
    private readonly PublishRight _otherwise;

    public AccessRules(IReadOnlyCollection<AccessRule> rules)
    {
        // Rules that deny first: one of them ends the search.
        _publish = [.. rules.Where(r => r.Publish).OrderByDescending(r => r.Denies)];
        _subscribe = [.. rules.Where(r => r.Subscribe).OrderByDescending(r => r.Denies)];
        Count = rules.Count;
        _otherwise = rules.Any(r => !r.Denies) ? PublishRight.Denied : PublishRight.Allowed;
    }

    public int Count { get; }

    /// <exception cref="EdgeConfigurationException">A rule cannot be read; the message says where it stands.</exception>
    public static AccessRules Load(EdgeOptions options)
    {
        var rules = new List<AccessRule>();
        for (var i = 0; i < options.AccessRules.Length; i++)
        {
            var rule = options.AccessRules[i];
            var who = rule.User == "*" ? Who.Everyone : new Who(WhoKind.User, rule.User);
            Add(rule.Publish, "Publish", denies: false, publish: true);
            Add(rule.Subscribe, "Subscribe", denies: false, publish: false);
            Add(rule.DenyPublish, "DenyPublish", denies: true, publish: true);
            Add(rule.DenySubscribe, "DenySubscribe", denies: true, publish: false);

            void Add(string[] filters, string name, bool denies, bool publish)
            {
                for (var j = 0; j < filters.Length; j++)
                {
                    rules.Add(new AccessRule(denies, publish, !publish, who, Filter(filters[j], $"AccessRules[{i}].{name}[{j}]"), $"AccessRules[{i}]"));
                }
            }
        }

        if (options.RulesFile is { Length: > 0 } file)
        {
            rules.AddRange(RulesFile.Read(file));
        }

        return new AccessRules(rules);
    }

    public PublishRight MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => Judge(_publish, client, topicName, out _);

    /// <summary>A filter that is covered by what is allowed; of it, what is denied is left out when messages are sent.</summary>
    public bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topic) => Judge(_subscribe, client, topic, out _) != PublishRight.Denied;

    /// <summary>The answer and the rule it comes from, for people.</summary>
    public (bool Allowed, PublishRight Right, string Why) Explain(MqttClientIdentity client, bool publish, string topic)
    {
        var right = Judge(publish ? _publish : _subscribe, client, Encoding.UTF8.GetBytes(topic), out var rule);
        return (right != PublishRight.Denied, right, rule?.ToString()
            ?? (_otherwise == PublishRight.Denied ? "no rule allows it" : "there is no rule that allows anything, so all that is not denied is allowed"));
    }

    private static RuleFilter Filter(string text, string at)
    {
        try
        {
            return RuleFilter.Parse(text);
        }
        catch (FormatException exception)
        {
            throw new EdgeConfigurationException($"{at}: {exception.Message}", exception);
        }
    }

    private PublishRight Judge(AccessRule[] rules, MqttClientIdentity client, ReadOnlySpan<byte> topic, out AccessRule? by)
    {
        by = null;
        var right = _otherwise;
        foreach (var rule in rules)
        {
            if (right == PublishRight.AllowedByName || !rule.AppliesTo(client, topic))
            {
                continue;
            }

            by = rule;
            if (rule.Denies)
            {
                return PublishRight.Denied;
            }

            right = rule.Who.IsByName ? PublishRight.AllowedByName : PublishRight.Allowed;
        }

        return right;
    }
}
