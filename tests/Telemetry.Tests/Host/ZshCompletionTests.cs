using System.CommandLine;
using System.Diagnostics;
using Telemetry.Host.Commands;
using Telemetry.Host.Shell;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Host;

/// <summary>The completion script in a real zsh: what it offers when Tab is pressed.</summary>
public sealed class ZshCompletionTests : IDisposable
{
    private static readonly RootCommand Root = CommandTree.Create();
    private readonly string _script = Path.GetTempFileName();

    public void Dispose() => File.Delete(_script);

    [Theory]
    [InlineData("telemetry dev", "devices")]
    [InlineData("telemetry ", "up,edge,sql,setup,test")]
    [InlineData("./telemetry users token ", "add,list,revoke")]
    [InlineData("telemetry devices --l", "--limit,--log-level")]
    [InlineData("telemetry devices delete x --", "--yes,--data")]
    [InlineData("telemetry sql x --format ", "table,json,csv,parquet")]
    [InlineData("telemetry completion ", "bash,zsh")]
    public async Task Zsh_offers_commands_options_and_values(string line, string expected)
    {
        if (!(Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Any(folder => File.Exists(Path.Combine(folder, "zsh"))))
        {
            Assert.Skip("zsh is not installed");
        }

        await File.WriteAllTextAsync(_script, Completion.Zsh(Root), TestContext.Current.CancellationToken);
        using var process = Process.Start(new ProcessStartInfo("zsh", [Path.Combine(Repository.Root, "tests", "complete.zsh"), _script, line])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        process.ExitCode.ShouldBe(0, errors + await output);
        errors.ShouldBeEmpty();
        var offered = (await output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        expected.Split(',').ShouldBeSubsetOf(offered);
        var begun = line[(line.LastIndexOf(' ') + 1)..];
        offered.ShouldAllBe(word => word.StartsWith(begun, StringComparison.Ordinal));
    }
}
