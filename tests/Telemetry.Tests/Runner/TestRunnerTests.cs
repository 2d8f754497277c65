using System.Diagnostics;
using Telemetry.Tests.Simulator;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Runner;

/// <summary>What <c>./telemetry test</c> does when tests fail: tests/run.sh itself, on a project that fails 300 tests.</summary>
public sealed class TestRunnerTests
{
    private static readonly string Configuration =
        Path.GetFileName(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    [Fact]
    public async Task However_much_fails_the_rest_still_runs_and_the_closing_line_is_printed()
    {
        using var folder = new TemporaryDirectory();
        var ran = await RunAsync(folder.Path, "xunit Telemetry.FailingTests; check 'what follows' touch \"$stamps/followed\"");

        ran.LastLine.ShouldBe("2 passed, 300 failed, 0 skipped");
        ran.ExitCode.ShouldBe(1);
        File.Exists(folder["followed"]).ShouldBeTrue();
        ran.Errors.ShouldContain("failure 1 of the test runner's own test");
    }

    [Fact]
    public async Task A_failed_check_with_much_output_counts_as_one_and_the_rest_still_runs()
    {
        using var folder = new TemporaryDirectory();
        var ran = await RunAsync(folder.Path, "check 'talks and fails' bash -c 'seq 1 200000; exit 3'; check 'what follows' true");

        ran.LastLine.ShouldBe("1 passed, 1 failed, 0 skipped");
        ran.ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_run_that_stops_half_way_is_a_failure_and_still_prints_its_closing_line()
    {
        using var folder = new TemporaryDirectory();
        var ran = await RunAsync(folder.Path, "check 'before' true; false; check 'never reached' true");

        ran.LastLine.ShouldBe("1 passed, 1 failed, 0 skipped");
        ran.ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task A_project_that_dies_without_a_summary_counts_as_a_failure()
    {
        using var folder = new TemporaryDirectory();
        var ran = await RunAsync(folder.Path, "check 'before' true; xunit Telemetry.NoSuchTests");

        ran.LastLine.ShouldBe("1 passed, 1 failed, 0 skipped");
        ran.ExitCode.ShouldBe(1);
    }

    [Fact]
    public async Task Without_a_failure_the_exit_code_is_0()
    {
        using var folder = new TemporaryDirectory();
        var ran = await RunAsync(folder.Path, "check 'one' true; count 0 0 2");

        ran.LastLine.ShouldBe("1 passed, 0 failed, 2 skipped");
        ran.ExitCode.ShouldBe(0);
    }

    [Theory]
    [InlineData("test")]
    [InlineData("bench")]
    [InlineData("chaos")]
    public async Task Help_is_printed_at_once_and_nothing_is_set_up_or_run(string command)
    {
        var start = new ProcessStartInfo("/bin/bash", [Path.Combine(Repository.Root, "telemetry"), command, "--help"]);

        // No dotnet and no node on this PATH: whatever tried to set something up would fail.
        start.Environment["PATH"] = "/usr/bin-without-tools:/bin";
        var ran = await RunAsync(start);

        ran.ExitCode.ShouldBe(0, ran.Errors);
        ran.Output.ShouldContain($"./telemetry {command} ");
        ran.Errors.ShouldBeEmpty();
    }

    private static Task<Ran> RunAsync(string stamps, string suite)
    {
        var script = $$"""
            set -euo pipefail
            root=$1 stamps=$2 configuration=$3
            say() { printf '%s\n' "$*" >&2; }
            . "$root/tests/run.sh"
            suite() { {{suite}}; }
            run_suites suite
            """;
        return RunAsync(new ProcessStartInfo("/bin/bash", ["-c", script, "run", Repository.Root, stamps, Configuration]));
    }

    private static async Task<Ran> RunAsync(ProcessStartInfo start)
    {
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new Ran(process.ExitCode, await output, await errors);
    }

    private sealed record Ran(int ExitCode, string Output, string Errors)
    {
        public string LastLine => Output.TrimEnd('\n').Split('\n')[^1];
    }
}
