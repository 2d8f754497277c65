using Telemetry.Testing.Processes;

namespace Telemetry.Tests.Chaos;

public sealed class OwnedProcessTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-process-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task Its_output_goes_to_the_file_and_its_id_is_its_own()
    {
        await using var process = Start("/bin/sh", "-c", "echo $$; echo oops >&2");

        await process.WaitForExitAsync(TestContext.Current.CancellationToken);

        File.ReadAllText(Log).ShouldBe($"{process.Id}\noops\n");
        process.ExitCode.ShouldBe(0);
    }

    [Fact]
    public async Task The_register_knows_those_that_run_and_ends_only_those()
    {
        await using var runs = Start("sleep", "600");
        await using var ended = Start("true");
        await ended.WaitForExitAsync(TestContext.Current.CancellationToken);

        Register.Running().Select(p => p.Pid).ShouldBe([runs.Id]);
        Register.KillAll().ShouldBe(1);

        await runs.WaitForExitAsync(TestContext.Current.CancellationToken);
        runs.ExitCode.ShouldBe(128 + 9);
    }

    [Fact]
    public async Task An_id_that_belongs_to_another_process_by_now_is_not_touched()
    {
        await using var other = Start("sleep", "600");
        var line = File.ReadAllText(RegisterFile).Split(' ');
        File.WriteAllText(RegisterFile, $"{line[0]} {ulong.Parse(line[1], null) - 1} gone\n");

        Register.KillAll().ShouldBe(0);

        other.HasExited.ShouldBeFalse();
    }

    [Fact]
    public async Task Paused_it_can_still_be_killed()
    {
        await using var process = Start("sleep", "600");
        process.Pause();

        await process.KillAsync();

        process.HasExited.ShouldBeTrue();
    }

    private string Log => Path.Combine(_folder.FullName, "log");

    private string RegisterFile => Path.Combine(_folder.FullName, "processes");

    private ProcessRegister Register => new(RegisterFile);

    private OwnedProcess Start(params string[] command) => OwnedProcess.Start(command[0], command, Log, Register);
}
