namespace Telemetry.Contracts.Alarms;

/// <summary>A pattern for device and sensor names: <c>*</c> stands for any run of characters, <c>?</c> for one.</summary>
public sealed record NamePattern(string Text)
{
    /// <summary>Longest pattern, in characters: twice a name.</summary>
    public const int LengthMax = 128;

    /// <summary>Matches every name.</summary>
    public static NamePattern Any { get; } = new("*");

    /// <summary>What is wrong with it; null: nothing.</summary>
    public static string? Problem(string text) => text.Length is 0 or > LengthMax || text.AsSpan().ContainsAnyExceptInRange('!', '~')
        ? $"'{text}' is no pattern: 1 to {LengthMax} printable ASCII characters, * and ? stand for any"
        : text.Contains('\\', StringComparison.Ordinal) ? $"'{text}' holds a backslash; names have none" : null;

    /// <inheritdoc/>
    public override string ToString() => Text;

    /// <summary>Case counts. Linear in the length of the name times the number of stars.</summary>
    public bool IsMatch(ReadOnlySpan<char> name)
    {
        var (p, n, star, mark) = (0, 0, -1, 0);
        while (n < name.Length)
        {
            if (p < Text.Length && (Text[p] == '?' || Text[p] == name[n]) && Text[p] != '*')
            {
                p++;
                n++;
            }
            else if (p < Text.Length && Text[p] == '*')
            {
                (star, mark) = (p++, n);
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++mark;
            }
            else
            {
                return false;
            }
        }

        while (p < Text.Length && Text[p] == '*')
        {
            p++;
        }

        return p == Text.Length;
    }
}
