using System.Text.RegularExpressions;

namespace Telemetry.Storage.Verification;

/// <summary>The part an error of the engine names as the one it was reading.</summary>
internal static partial class NamedPart
{
    /// <returns>Null when the message names none.</returns>
    public static TablePart? Find(string message) =>
        Pattern().Match(message) is { Success: true } match ? new TablePart(match.Groups[2].Value, match.Groups[1].Value) : null;

    [GeneratedRegex(@"reading from part \S*?([^/\s]+)/? in table (?:[^\s.]+\.)?(\w+)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
