using System.Text;
using System.Text.RegularExpressions;

namespace Telemetry.Tests.Docs;

/// <summary>A command line of the program that a page shows.</summary>
/// <param name="Where">Page and line.</param>
/// <param name="Words">Behind the program's name.</param>
/// <param name="IsWhole">True: in a block, to be copied; false: named in a sentence, maybe without its arguments.</param>
internal sealed record DocumentedCommand(string Where, string[] Words, bool IsWhole)
{
    public override string ToString() => $"{Where}: telemetry {string.Join(' ', Words)}";
}

/// <summary>Finds the command lines in a page: in fenced and in indented blocks, and in backticks.</summary>
internal static partial class MarkdownCommands
{
    public static IEnumerable<DocumentedCommand> Of(string name, string text)
    {
        var lines = text.Split('\n');
        string? fence = null;
        for (var i = 0; i < lines.Length; i++)
        {
            var line = lines[i];
            var where = $"{name}:{i + 1}";
            if (line.TrimStart().StartsWith("```", StringComparison.Ordinal))
            {
                fence = fence is null ? line.Trim().TrimStart('`').Trim() : null;
                continue;
            }

            var isShell = fence?.StartsWith("sh", StringComparison.Ordinal) ?? line.StartsWith("    ", StringComparison.Ordinal);
            while (isShell && line.TrimEnd().EndsWith('\\') && i + 1 < lines.Length)
            {
                line = line.TrimEnd().TrimEnd('\\') + lines[++i];
            }

            var found = isShell ? [line] : fence is null ? Inline().Matches(line).Select(m => m.Groups[1].Value) : [];
            foreach (var words in found.SelectMany(Commands))
            {
                yield return new DocumentedCommand(where, words, isShell);
            }
        }
    }

    private static IEnumerable<string[]> Commands(string line)
    {
        // What may be left out is given; of two ways the first word.
        var plain = Optional().Replace(line, m => m.Groups[1].Value.Replace(" | ", " ", StringComparison.Ordinal));
        foreach (Match match in Program().Matches(plain))
        {
            var words = Split(match.Groups[1].Value).Where(w => w is not ("..." or "\u2026" or "&")).ToArray();
            if (words.Length > 0 && words[0].Length > 0 && !char.IsUpper(words[0][0]))
            {
                yield return [.. words.Select(w => w.Split('|')[0]).Select(w => Placeholder().IsMatch(w) ? "1" : w)];
            }
        }
    }

    /// <summary>As a shell splits it, up to a comment or the end of the command.</summary>
    private static List<string> Split(string line)
    {
        var words = new List<string>();
        var word = new StringBuilder();
        var (quote, isBegun, inside) = ('\0', false, 0);
        foreach (var c in line)
        {
            // A word may hold the output of another command: $(date +%F).
            inside += c == '(' && word.Length > 0 && word[^1] == '$' ? 1 : c == ')' && inside > 0 ? -1 : 0;
            if (inside > 0)
            {
                word.Append(c);
            }
            else if (quote != '\0')
            {
                if (c == quote)
                {
                    quote = '\0';
                }
                else
                {
                    word.Append(c);
                }
            }
            else if (c is '\'' or '"')
            {
                (quote, isBegun) = (c, true);
            }
            else if (c is ' ' or '\t')
            {
                End();
            }
            else if ((c == '#' && word.Length == 0) || c is ';' or '>' or '<' || (c == ')' && !word.ToString().Contains("$(", StringComparison.Ordinal)))
            {
                break;
            }
            else if (c == '|' && word.Length == 0)
            {
                break;
            }
            else
            {
                word.Append(c);
            }
        }

        End();
        return words;

        void End()
        {
            if (word.Length > 0 || isBegun)
            {
                words.Add(word.ToString());
            }

            word.Clear();
            isBegun = false;
        }
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Inline();

    [GeneratedRegex(@"(?<![\w/.-])\[([^\]""{]*)\]")]
    private static partial Regex Optional();

    [GeneratedRegex(@"(?<![\w/.-])(?:\./|/usr/bin/|\S+/)?telemetry ([a-z][^\n]*?)(?= && |$)")]
    private static partial Regex Program();

    [GeneratedRegex("^[A-Z]+$")]
    private static partial Regex Placeholder();
}
