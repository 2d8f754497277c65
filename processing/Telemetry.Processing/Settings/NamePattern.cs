using System.IO.Enumeration;

namespace Telemetry.Processing.Settings;

/// <summary>A pattern of device or sensor names: <c>*</c> is any number of characters, <c>?</c> is one. Case counts.</summary>
/// <param name="Text">The pattern.</param>
public readonly record struct NamePattern(string Text)
{
    /// <summary>Longest pattern, in characters: twice a name.</summary>
    public const int LengthMax = 128;

    /// <summary>Every name.</summary>
    public static NamePattern Any { get; } = new("*");

    /// <summary>True when a name has this form.</summary>
    public bool Matches(ReadOnlySpan<char> name) => Text == "*" || FileSystemName.MatchesSimpleExpression(Text, name, ignoreCase: false);

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Problem(string text) => text.Length is 0 or > LengthMax || text.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? $"'{text}' is no pattern: 1 to {LengthMax} printable ASCII characters, * and ? stand for any"
        : text.Contains('\\', StringComparison.Ordinal) ? $"'{text}' holds a backslash; names have none" : null;

    /// <inheritdoc/>
    public override string ToString() => Text;
}
