using System.CommandLine;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>Every setting with its default and meaning.</summary>
internal static class SettingsCommand
{
    public static Command Create()
    {
        var command = new Command("settings", "Prints every setting with its default and meaning (Markdown).");
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.Write(SettingsTable.Write());
            return 0;
        });
        return command;
    }
}
