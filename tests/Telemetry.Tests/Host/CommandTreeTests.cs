using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Telemetry.Host.Commands;
using Telemetry.Host.Shell;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Host;

/// <summary>One tree of commands is behind help, launcher, completion, page and errors.</summary>
public sealed partial class CommandTreeTests
{
    private static readonly RootCommand Root = CommandTree.Create();

    public static TheoryData<string> Commands => [.. CommandText.Walk(Root).Select(c => c.Path)];

    [Fact]
    public void Page_of_commands_is_what_the_program_prints() => File.ReadAllText(Path.Combine(Repository.Root, "docs", "commands.md"))
        .ShouldBe(CommandReference.Write(CommandTree.Groups(Root), SharedOptions.All), "run ./telemetry commands > docs/commands.md");

    [Fact]
    public void Launcher_lists_the_commands_of_the_program() => File.ReadAllText(Path.Combine(Repository.Root, "host", "Telemetry.Host", "Commands", "commands.txt"))
        .ShouldBe(CommandList.Write(CommandTree.Groups(Root)), "run ./telemetry commands --list > host/Telemetry.Host/Commands/commands.txt");

    [Fact]
    public async Task Help_of_the_launcher_names_its_own_commands_and_all_of_the_program()
    {
        var (_, help, _) = await BashAsync("\"$1\" help", Path.Combine(Repository.Root, "telemetry"));
        var own = LauncherArm().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "telemetry"), TestContext.Current.CancellationToken))
            .Select(m => m.Groups[1].Value).Where(name => name != "help").ToList();

        own.Count.ShouldBeGreaterThan(6);
        foreach (var name in own.Concat(Root.Subcommands.Where(c => !c.Hidden).Select(c => c.Name)))
        {
            Regex.IsMatch(help, $"(?m)^  {Regex.Escape(name)}  ").ShouldBeTrue($"{name} is not in the help");
        }
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public void Every_command_option_and_argument_says_what_it_is(string path)
    {
        var command = CommandText.Walk(Root).Single(c => c.Path == path).Command;

        command.Description.ShouldNotBeNullOrWhiteSpace();
        foreach (var symbol in command.Options.Cast<Symbol>().Concat(command.Arguments))
        {
            symbol.Description.ShouldNotBeNullOrWhiteSpace($"{path} {symbol.Name}");
        }
    }

    [Theory]
    [InlineData("up --htpp-port 8080", "telemetry up has no option --htpp-port. Did you mean --http-port?")]
    [InlineData("up --http-prot=8080", "telemetry up has no option --http-prot. Did you mean --http-port?")]
    [InlineData("replya --from 1h", "There is no command \"replya\". Did you mean replay?")]
    [InlineData("users ad ann", "There is no command \"ad\". Did you mean add?")]
    [InlineData("users", "telemetry users needs one of: add, role, remove, list, check, token.")]
    [InlineData("replay", "Option '--from' is required.")]
    [InlineData("publish press-1 temperature", "Required argument 'value' missing for command: 'publish'.")]
    public void Command_line_that_cannot_be_meant_is_told_with_what_may_have_been(string line, string said)
    {
        var lines = UsageErrors.Describe(CommandTree.Create().Parse(line.Split(' ')));

        lines[0].ShouldBe(said);
        lines.Count.ShouldBe(2);
        lines[1].ShouldEndWith(" --help says what it takes.");
    }

    [Theory]
    [InlineData(2, "up", "--no-such-option")]
    [InlineData(2, "no-such-command")]
    [InlineData(2, "users")]
    [InlineData(2, "series", "press-1", "t", "--format", "xml")]
    [InlineData(0)]
    [InlineData(0, "help")]
    [InlineData(0, "help", "replay")]
    [InlineData(0, "up", "--help")]
    public async Task Exit_code_is_2_for_a_wrong_command_line_and_0_for_help(int code, params string[] arguments) =>
        (await CommandLine.RunAsync(arguments)).ShouldBe(code);

    [Theory]
    [InlineData("telemetry re", "replay")]
    [InlineData("telemetry users to", "token")]
    [InlineData("telemetry users token a", "add")]
    [InlineData("telemetry replay --fr", "--from")]
    [InlineData("telemetry series press-1 t --format cs", "csv")]
    [InlineData("./telemetry pa", "pack")]
    public async Task Bash_completes_commands_options_and_values(string line, string expected)
    {
        var (code, output, errors) = await BashAsync(
            "eval \"$1\"; COMP_WORDS=($2); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _telemetry; printf '%s\\n' \"${COMPREPLY[@]}\"",
            Completion.Bash(Root), line);

        code.ShouldBe(0, errors);
        errors.ShouldBeEmpty();
        var begun = line.Split(' ').Last();
        var words = output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        words.ShouldContain(expected);
        words.ShouldAllBe(word => word.StartsWith(begun, StringComparison.Ordinal));
    }

    [Fact]
    public void Zsh_script_knows_every_command()
    {
        var script = Completion.Zsh(Root);

        CommandText.Walk(Root).ShouldAllBe(c => script.Contains($"' {c.Path}'", StringComparison.Ordinal));
    }

    private static async Task<(int Code, string Output, string Errors)> BashAsync(string script, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("/bin/bash", ["-c", script, "bash", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, await output, await errors);
    }

    [GeneratedRegex(@"(?m)^  ([a-z]+)(?:\||\))")]
    private static partial Regex LauncherArm();
}
