using System.Diagnostics;
using System.Reflection;
using System.Text;
using Telemetry.Testing.Processes;

namespace Telemetry.IntegrationTests.Storage;

/// <summary>
/// Runs one method of <see cref="StorageChild"/> in a process of its own: the engine allows one data directory a process, and
/// only a process can be killed. The child is this test program, asked for that one test.
/// </summary>
internal sealed class ChildProcess : IDisposable
{
    public const string ModeVariable = "TELEMETRY_TEST_STORAGE_CHILD";
    public const string DirectoryVariable = "TELEMETRY_TEST_STORAGE_DIRECTORY";
    public const string SeedVariable = "TELEMETRY_TEST_STORAGE_SEED";

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ChildProcess(Process process) => _process = process;

    public string Output
    {
        get
        {
            lock (_output)
            {
                return _output.ToString();
            }
        }
    }

    public bool HasExited => _process.HasExited;

    public static ChildProcess Start(string mode, string directory, int seed)
    {
        var assembly = Assembly.GetExecutingAssembly().Location;
        var start = new ProcessStartInfo(Path.Combine(Path.GetDirectoryName(assembly)!, Path.GetFileNameWithoutExtension(assembly)))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { "-class", typeof(StorageChild).FullName!, "-explicit", "on", "-noLogo", "-noColor", "-showLiveOutput" },
        };
        start.Environment[ModeVariable] = mode;
        start.Environment[DirectoryVariable] = directory;
        start.Environment[SeedVariable] = seed.ToString(System.Globalization.CultureInfo.InvariantCulture);
        var child = new ChildProcess(new Process { StartInfo = start });
        child._process.OutputDataReceived += child.Take;
        child._process.ErrorDataReceived += child.Take;
        child._process.Start();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    public async Task WaitForFileAsync(string path, CancellationToken cancellationToken)
    {
        while (!File.Exists(path))
        {
            HasExited.ShouldBeFalse($"The child ended before {path} was there:\n{Output}");
            await Task.Delay(10, cancellationToken);
        }
    }

    /// <summary>SIGSTOP: the process stands still wherever it is.</summary>
    public void Pause() => ProcessSignal.Pause(_process.Id).ShouldBeTrue();

    /// <summary>SIGCONT.</summary>
    public void Resume() => ProcessSignal.Resume(_process.Id).ShouldBeTrue();

    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process.Kill();
        await _process.WaitForExitAsync(cancellationToken);
    }

    /// <summary>Waits for the end, which must be a good one.</summary>
    public async Task SucceedAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        _process.ExitCode.ShouldBe(0, Output);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private void Take(object sender, DataReceivedEventArgs e)
    {
        lock (_output)
        {
            _output.AppendLine(e.Data);
        }
    }
}
