using System.Text;
using Telemetry.Edge.Topics;
using Telemetry.Mqtt;

namespace Telemetry.Edge.Security.Rules;

/// <summary>
/// The topic filter of a rule, in which a level <c>{user}</c>, <c>{client}</c>, <c>{certificate}</c> or <c>{device}</c> stands for that of the client.
/// <c>{device}</c> is what the client proved to be: its user name, else the name in its certificate, else its client id.
/// </summary>
internal sealed class RuleFilter
{
    private static readonly string[] PlaceHolders = ["{user}", "{client}", "{certificate}", "{device}"];

    private readonly byte[] _utf8;

    private RuleFilter(string text) => (Text, _utf8) = (text, Encoding.UTF8.GetBytes(text));

    public string Text { get; }

    /// <exception cref="FormatException">It is not a topic filter, or has a place holder that there is not.</exception>
    public static RuleFilter Parse(string text)
    {
        if (!TopicFilter.TryParse(text, out _, out var error))
        {
            throw new FormatException($"'{text}' is not a topic filter: {error.Message}");
        }

        var unknown = text.Split('/').FirstOrDefault(l => l.AsSpan().IndexOfAny('{', '}') >= 0 && !PlaceHolders.Contains(l));
        return unknown is null
            ? new RuleFilter(text)
            : throw new FormatException($"'{text}' has the level '{unknown}'; whole levels may be {string.Join(", ", PlaceHolders)}.");
    }

    /// <summary>
    /// True when everything that <paramref name="asked"/> (a name or a filter) can match is matched by this one. A wildcard at the front does not
    /// cover topics that begin with <c>$</c> [MQTT-4.7.2-1], unless <paramref name="alsoSystem"/>.
    /// </summary>
    public bool Covers(MqttClientIdentity client, ReadOnlySpan<byte> asked, bool alsoSystem)
    {
        if (!alsoSystem && asked.Length > 0 && asked[0] == (byte)'$' && _utf8[0] is (byte)'+' or (byte)'#')
        {
            return false;
        }

        var want = new TopicLevels(asked);
        foreach (var level in new TopicLevels(_utf8))
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
            : client.UserName ?? client.CertificateName ?? client.ClientId;
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
}
