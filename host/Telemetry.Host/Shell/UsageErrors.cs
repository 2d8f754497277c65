using System.CommandLine;
using System.CommandLine.Parsing;
using Telemetry.Host.Naming;

namespace Telemetry.Host.Shell;

/// <summary>A command line that cannot be meant: each fault with what may have been meant.</summary>
internal static class UsageErrors
{
    /// <summary>One line a fault, and last where the help is.</summary>
    public static IReadOnlyList<string> Describe(ParseResult result)
    {
        var command = result.CommandResult.Command;
        var lines = new List<string>();
        if (command.Subcommands.Count > 0 && result.UnmatchedTokens is [var unknown, ..] && !unknown.StartsWith('-'))
        {
            // What follows belongs to a command that is not known.
            return [UnknownWord(command, unknown), Help(result)];
        }

        var isAfterUnknown = false;
        foreach (var token in result.UnmatchedTokens)
        {
            // What stands behind an unknown option is most likely its value.
            if (!isAfterUnknown || token.StartsWith('-'))
            {
                lines.Add(token.StartsWith('-') ? UnknownOption(result, token) : UnknownWord(command, token));
            }

            isAfterUnknown = token.StartsWith('-');
        }

        lines.AddRange(result.Errors
            .Where(error => result.UnmatchedTokens.Count == 0 || !result.UnmatchedTokens.Any(token => error.Message.Contains($"'{token}'", StringComparison.Ordinal)))
            .Where(error => lines.Count == 0 || !IsMissingCommand(command, error))
            .Select(error => IsMissingCommand(command, error) ? MissingCommand(result, command) : error.Message));
        lines.Add(Help(result));
        return lines;
    }

    private static string Help(ParseResult result) => $"{PathOf(result)} --help says what it takes.";

    private static bool IsMissingCommand(Command command, ParseError error) =>
        command.Action is null && command.Subcommands.Count > 0 && error.SymbolResult is CommandResult;

    private static string MissingCommand(ParseResult result, Command command) =>
        $"{PathOf(result)} needs one of: {string.Join(", ", command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name))}.";

    private static string UnknownOption(ParseResult result, string token)
    {
        var name = token.Split('=', ':')[0];
        var nearest = NearestName.Find(name, CommandText.Options(result.CommandResult.Command).Select(o => o.Name));
        return $"{PathOf(result)} has no option {name}.{(nearest is null ? "" : $" Did you mean {nearest}?")}";
    }

    private static string UnknownWord(Command command, string token)
    {
        if (command.Subcommands.Count == 0)
        {
            return $"\"{token}\" is one word too many.";
        }

        var nearest = NearestName.Find(token, command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name));
        return $"There is no command \"{token}\".{(nearest is null ? "" : $" Did you mean {nearest}?")}";
    }

    private static string PathOf(ParseResult result)
    {
        var words = new Stack<string>();
        for (SymbolResult? at = result.CommandResult; at is not null; at = at.Parent)
        {
            if (at is CommandResult { Command: not RootCommand } command)
            {
                words.Push(command.Command.Name);
            }
        }

        return string.Join(' ', words.Prepend("telemetry"));
    }
}
