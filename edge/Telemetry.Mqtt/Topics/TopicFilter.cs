using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Telemetry.Mqtt;

/// <summary>A topic filter that was checked: what a subscription carries, MQTT 5.0 sections 4.7 and 4.8.</summary>
public sealed class TopicFilter : IEquatable<TopicFilter>
{
    private TopicFilter(string text, string? shareName, string filter)
    {
        Text = text;
        ShareName = shareName;
        Filter = filter;
        HasWildcards = filter.AsSpan().ContainsAny('+', '#');
        Utf8 = Encoding.UTF8.GetBytes(filter);
    }

    /// <summary>The filter as it was asked for, <c>$share/...</c> included.</summary>
    public string Text { get; }

    /// <summary>Share name of a shared subscription, else null.</summary>
    public string? ShareName { get; }

    /// <summary>The filter that topics are matched with: without <c>$share/{ShareName}/</c>.</summary>
    public string Filter { get; }

    /// <summary><see cref="Filter"/> in UTF-8.</summary>
    public ReadOnlyMemory<byte> Utf8 { get; }

    /// <summary>True for a shared subscription.</summary>
    [MemberNotNullWhen(true, nameof(ShareName))]
    public bool IsShared => ShareName is not null;

    /// <summary>True when <see cref="Filter"/> has a <c>+</c> or <c>#</c>.</summary>
    public bool HasWildcards { get; }

    /// <summary>Parses a filter; the bytes need not be known to be UTF-8.</summary>
    public static bool TryParse(
        ReadOnlySpan<byte> utf8, [NotNullWhen(true)] out TopicFilter? filter, out MqttError error)
    {
        filter = null;
        if (utf8.Length > MqttUtf8.MaxLength)
        {
            error = MqttError.Malformed("MQTT-4.7.3-3", "A Topic Filter must not be longer than 65,535 bytes.");
            return false;
        }
        if (!MqttUtf8.TryCheck(utf8, "MQTT-3.8.3-1", out error))
        {
            return false;
        }
        return TopicFilterSyntax.TrySplit(Encoding.UTF8.GetString(utf8), out var share, out var rest, out error)
            && TryMake(Encoding.UTF8.GetString(utf8), share, rest, out filter);
    }

    /// <summary>Parses a filter.</summary>
    public static bool TryParse(string text, [NotNullWhen(true)] out TopicFilter? filter, out MqttError error)
    {
        ArgumentNullException.ThrowIfNull(text);
        return TryParse(Encoding.UTF8.GetBytes(text), out filter, out error);
    }

    /// <summary>Parses a filter that is known to be right.</summary>
    /// <exception cref="FormatException">It is not.</exception>
    public static TopicFilter Parse(string text) =>
        TryParse(text, out var filter, out var error) ? filter : throw new FormatException($"'{text}': {error}");

    /// <summary>True when a publish to this topic name goes to this filter; a share name plays no part.</summary>
    public bool Matches(ReadOnlySpan<byte> topicName) => Matches(Utf8.Span, topicName);

    /// <summary>As the other <c>Matches</c>.</summary>
    public bool Matches(string topicName) => Matches(Encoding.UTF8.GetBytes(topicName));

    /// <summary>
    /// Matches a valid filter (without share name) with a valid topic name, both UTF-8. Wildcards at the front do not
    /// match names that begin with <c>$</c> [MQTT-4.7.2-1].
    /// </summary>
    public static bool Matches(ReadOnlySpan<byte> filter, ReadOnlySpan<byte> topicName) =>
        TopicFilterSyntax.Matches(filter, topicName);

    public bool Equals(TopicFilter? other) => other is not null && string.Equals(Text, other.Text, StringComparison.Ordinal);

    public override bool Equals(object? obj) => Equals(obj as TopicFilter);

    public override int GetHashCode() => string.GetHashCode(Text, StringComparison.Ordinal);

    public override string ToString() => Text;

    private static bool TryMake(string text, string? share, string rest, out TopicFilter filter)
    {
        filter = new TopicFilter(text, share, rest);
        return true;
    }
}
