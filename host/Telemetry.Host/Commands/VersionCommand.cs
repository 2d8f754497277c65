using System.CommandLine;
using System.Runtime.InteropServices;
using Telemetry.Host.Naming;

namespace Telemetry.Host.Commands;

/// <summary>What runs here.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var command = new Command("version", "Prints the versions of this program, the runtime and the machine.");
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.WriteLine($"telemetry {ProgramVersion.Text}");
            result.InvocationConfiguration.Output.WriteLine($"{RuntimeInformation.FrameworkDescription} on {RuntimeInformation.OSDescription} ({RuntimeInformation.ProcessArchitecture})");
            return 0;
        });
        return command;
    }
}
