using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace Telemetry.Host.Shell;

/// <summary>The help of the program itself: all commands, by what they are for. Each command's own help is the library's.</summary>
internal sealed class GroupedHelp : SynchronousCommandLineAction
{
    private readonly IReadOnlyList<CommandGroup> _groups;
    private readonly HelpAction _ofCommand;

    private GroupedHelp(IReadOnlyList<CommandGroup> groups, HelpAction ofCommand) => (_groups, _ofCommand) = (groups, ofCommand);

    /// <inheritdoc/>
    public override bool ClearsParseErrors => true;

    /// <summary>Puts it in the place of the root's help.</summary>
    public static void Install(RootCommand root, IReadOnlyList<CommandGroup> groups)
    {
        var option = root.Options.OfType<HelpOption>().Single();
        option.Action = new GroupedHelp(groups, (HelpAction)option.Action!);
    }

    /// <inheritdoc/>
    public override int Invoke(ParseResult parseResult)
    {
        if (parseResult.CommandResult.Command is not RootCommand root)
        {
            return _ofCommand.Invoke(parseResult);
        }

        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine(root.Description);
        output.WriteLine();
        output.WriteLine("Usage: telemetry COMMAND [OPTIONS]");
        output.WriteLine();
        output.Write(CommandList.Write(_groups));
        output.WriteLine();
        output.WriteLine("telemetry COMMAND --help says what a command takes. Exit codes: 0 done, 1 the answer is no, 2 something you can fix, 70 it could not go on.");
        return 0;
    }
}
