using System.Text;

namespace Telemetry.Host.Shell;

/// <summary>All commands, a line each, by what they are for.</summary>
internal static class CommandList
{
    private const int Indent = 2;
    private const int Width = 118;

    public static string Write(IReadOnlyList<CommandGroup> groups)
    {
        var shown = groups.Select(g => new CommandGroup(g.Title, [.. g.Commands.Where(c => !c.Hidden)])).Where(g => g.Commands.Count > 0).ToList();
        var column = Indent + shown.Max(g => g.Commands.Max(c => c.Name.Length)) + 2;
        var text = new StringBuilder();
        foreach (var group in shown)
        {
            text.Append(text.Length == 0 ? "" : "\n").Append(group.Title).Append('\n');
            foreach (var command in group.Commands)
            {
                text.Append(' ', Indent).Append(command.Name).Append(' ', column - Indent - command.Name.Length);
                Fold(text, CommandText.FirstSentence(command), column);
                text.Append('\n');
                if (command.Subcommands.Count > 0)
                {
                    text.Append(' ', column);
                    Fold(text, string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => $"{command.Name} {c.Name}")), column);
                    text.Append('\n');
                }
            }
        }

        return text.ToString();
    }

    private static void Fold(StringBuilder text, string words, int column)
    {
        var room = Width - column;
        foreach (var word in words.Split(' '))
        {
            if (room < word.Length && room < Width - column)
            {
                text.Length--; // The space in front of the word.
                text.Append('\n').Append(' ', column);
                room = Width - column;
            }

            text.Append(word).Append(' ');
            room -= word.Length + 1;
        }

        text.Length--;
    }
}
