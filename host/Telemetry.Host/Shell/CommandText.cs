using System.CommandLine;
using System.CommandLine.Help;

namespace Telemetry.Host.Shell;

/// <summary>What a command says about itself, for lists of commands.</summary>
internal static class CommandText
{
    /// <summary>The first sentence of a description, without its full stop.</summary>
    public static string FirstSentence(Symbol symbol)
    {
        var text = symbol.Description ?? "";
        var end = text.IndexOf(". ", StringComparison.Ordinal);
        return (end < 0 ? text : text[..end]).TrimEnd('.');
    }

    /// <summary>Every command below a root, with the words that call it.</summary>
    public static IEnumerable<(string Path, Command Command)> Walk(Command root, string path = "")
    {
        foreach (var command in root.Subcommands.Where(c => !c.Hidden))
        {
            var words = path.Length == 0 ? command.Name : $"{path} {command.Name}";
            yield return (words, command);
            foreach (var below in Walk(command, words))
            {
                yield return below;
            }
        }
    }

    /// <summary>Its own options, those that are shown.</summary>
    public static IEnumerable<Option> Options(Command command) => command.Options.Where(o => !o.Hidden && o is not HelpOption);

    /// <summary>Its arguments as they stand in a command line.</summary>
    public static string Arguments(Command command) => string.Concat(command.Arguments.Where(a => !a.Hidden).Select(Describe));

    private static string Describe(Argument argument)
    {
        var name = argument.Arity.MaximumNumberOfValues > 1 ? $"<{argument.Name}>..." : $"<{argument.Name}>";
        return argument.Arity.MinimumNumberOfValues == 0 ? $" [{name}]" : $" {name}";
    }
}
