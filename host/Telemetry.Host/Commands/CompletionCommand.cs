using System.CommandLine;
using Telemetry.Host.Shell;

namespace Telemetry.Host.Commands;

/// <summary>Completion for shells.</summary>
internal static class CompletionCommand
{
    public static Command Create(RootCommand root)
    {
        var shell = new Argument<string>("shell") { Description = "bash or zsh." };
        shell.AcceptOnlyFromAmong("bash", "zsh");
        var command = new Command("completion", "Prints a completion script: eval \"$(telemetry completion bash)\" in ~/.bashrc, or zsh in ~/.zshrc.") { shell };
        command.SetAction(result =>
        {
            result.InvocationConfiguration.Output.Write(result.GetValue(shell) == "zsh" ? Completion.Zsh(root) : Completion.Bash(root));
            return 0;
        });
        return command;
    }
}
