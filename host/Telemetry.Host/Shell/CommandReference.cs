using System.CommandLine;
using System.Text;

namespace Telemetry.Host.Shell;

/// <summary>The page of all commands with their arguments and options (docs/commands.md).</summary>
internal static class CommandReference
{
    /// <param name="groups">All commands.</param>
    /// <param name="shared">Options that most commands take; told once.</param>
    public static string Write(IReadOnlyList<CommandGroup> groups, IReadOnlyList<Option> shared)
    {
        var common = shared.Select(o => o.Name).ToHashSet(StringComparer.Ordinal);
        var page = new StringBuilder(
            """
            # Commands

            Written by the program itself: `./telemetry commands > docs/commands.md`. In a checkout the program is called `./telemetry`, installed it is `telemetry`.
            Exit codes: 0 done; 1 the answer is no (differences, problems, refused); 2 something you can fix, told in a sentence; 70 it could not go on; 130 stopped with Ctrl-C.

            Most commands take these options too:

            | option | meaning |
            |---|---|

            """);
        foreach (var option in shared)
        {
            Row(page, option);
        }

        foreach (var group in groups)
        {
            page.Append("\n## ").Append(group.Title).Append('\n');
            foreach (var command in group.Commands.Where(c => !c.Hidden))
            {
                Write(page, command.Name, command, common);
                foreach (var (path, below) in CommandText.Walk(command, command.Name))
                {
                    Write(page, path, below, common);
                }
            }
        }

        return page.ToString();
    }

    private static void Write(StringBuilder page, string path, Command command, HashSet<string> common)
    {
        page.Append("\n### ").Append(path).Append("\n\n").Append(Escape(command.Description)).Append("\n\n    telemetry ").Append(path);
        var options = CommandText.Options(command).Where(o => !common.Contains(o.Name)).ToList();
        var isGroup = command.Action is null && command.Subcommands.Count > 0;
        page.Append(isGroup ? $" {string.Join('|', command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}" : CommandText.Arguments(command));
        page.Append(options.Count > 0 ? " [OPTIONS]\n" : "\n");
        if (command.Arguments.Count + options.Count == 0)
        {
            return;
        }

        page.Append("\n| argument, option | meaning |\n|---|---|\n");
        foreach (var argument in command.Arguments.Where(a => !a.Hidden))
        {
            page.Append("| `<").Append(argument.Name).Append(">` | ").Append(Escape(argument.Description)).Append(" |\n");
        }

        foreach (var option in options)
        {
            Row(page, option);
        }
    }

    private static void Row(StringBuilder page, Option option) =>
        page.Append("| `").Append(option.Name).Append("` | ").Append(option.Required ? "Required. " : "").Append(Escape(option.Description)).Append(" |\n");

    private static string Escape(string? text) =>
        (text ?? "").Replace("|", "\\|", StringComparison.Ordinal).Replace("<", "\\<", StringComparison.Ordinal).Replace("*", "\\*", StringComparison.Ordinal);
}
