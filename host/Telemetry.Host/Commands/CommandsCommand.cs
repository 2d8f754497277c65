using System.CommandLine;
using Telemetry.Host.Shell;

namespace Telemetry.Host.Commands;

/// <summary>Every command with its options.</summary>
internal static class CommandsCommand
{
    public static Command Create(RootCommand root)
    {
        var list = new Option<bool>("--list") { Description = "A line a command, as in the help." };
        var command = new Command("commands", "Prints every command with its arguments and options (Markdown).") { list };
        command.SetAction(result =>
        {
            // The root's own groups are those that make it; these are made again to be read.
            var groups = CommandTree.Groups(root);
            result.InvocationConfiguration.Output.Write(
                result.GetValue(list) ? CommandList.Write(groups) : CommandReference.Write(groups, SharedOptions.All));
            return 0;
        });
        return command;
    }
}
