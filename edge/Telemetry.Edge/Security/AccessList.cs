using System.Text;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Security;

/// <summary>The access rules of the options. Filters without place holders are compared as they are; others level by level.</summary>
internal sealed class AccessList : IAuthorizer
{
    private readonly Rule[] _rules;

    public AccessList(IEnumerable<AccessRuleOptions> rules)
    {
        _rules = [.. rules.Select(r => new Rule(r.User, Compile(r.Publish), Compile(r.Subscribe)))];
    }

    public bool MayPublish(MqttClientIdentity client, ReadOnlySpan<byte> topicName)
    {
        foreach (var rule in _rules)
        {
            if (rule.AppliesTo(client) && AnyCovers(rule.Publish, client, topicName))
            {
                return true;
            }
        }

        return false;
    }

    public bool MaySubscribe(MqttClientIdentity client, ReadOnlySpan<byte> topicFilter)
    {
        foreach (var rule in _rules)
        {
            if (rule.AppliesTo(client) && AnyCovers(rule.Subscribe, client, topicFilter))
            {
                return true;
            }
        }

        return false;
    }

    public bool MayReceive(MqttClientIdentity client, ReadOnlySpan<byte> topicName) => MaySubscribe(client, topicName);

    private static bool AnyCovers(byte[][] allowed, MqttClientIdentity client, ReadOnlySpan<byte> asked)
    {
        foreach (var filter in allowed)
        {
            if (Covers(filter, client, asked))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>True when everything that <paramref name="asked"/> (a name or a filter) can match is matched by the allowed filter.</summary>
    private static bool Covers(ReadOnlySpan<byte> allowed, MqttClientIdentity client, ReadOnlySpan<byte> asked)
    {
        if (asked.Length > 0 && asked[0] == (byte)'$' && allowed[0] is (byte)'+' or (byte)'#')
        {
            return false;
        }

        var want = new TopicLevels(asked);
        foreach (var level in new TopicLevels(allowed))
        {
            if (level is [(byte)'#'])
            {
                return true;
            }

            if (!want.MoveNext() || want.Current is [(byte)'#'])
            {
                return false;
            }

            if (level is not [(byte)'+'] && !LevelEquals(level, client, want.Current))
            {
                return false;
            }
        }

        return !want.MoveNext();
    }

    private static bool LevelEquals(ReadOnlySpan<byte> level, MqttClientIdentity client, ReadOnlySpan<byte> asked)
    {
        if (level is not [(byte)'{', .., (byte)'}'])
        {
            return level.SequenceEqual(asked);
        }

        var value = level.SequenceEqual("{user}"u8) ? client.UserName
            : level.SequenceEqual("{client}"u8) ? client.ClientId
            : level.SequenceEqual("{certificate}"u8) ? client.CertificateName
            : null;
        // A name with a wildcard or a slash in it must not widen the rule.
        return value is { Length: > 0 } && value.AsSpan().IndexOfAny('+', '#', '/') < 0 && Utf8Equals(value, asked);
    }

    private static bool Utf8Equals(string text, ReadOnlySpan<byte> utf8)
    {
        Span<byte> buffer = stackalloc byte[256];
        return Encoding.UTF8.TryGetBytes(text, buffer, out var count)
            ? buffer[..count].SequenceEqual(utf8)
            : Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(utf8);
    }

    private static byte[][] Compile(string[] filters) => [.. filters.Select(f =>
        TopicFilter.TryParse(f, out _, out var error)
            ? Encoding.UTF8.GetBytes(f)
            : throw new EdgeConfigurationException($"AccessRules: '{f}' is not a topic filter: {error.Message}"))];

    private sealed record Rule(string User, byte[][] Publish, byte[][] Subscribe)
    {
        public bool AppliesTo(MqttClientIdentity client) => User == "*" || User == client.UserName;
    }
}
