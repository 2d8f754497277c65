using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Telemetry.Host.Configuration;
using Telemetry.Testing.Processes;

namespace Telemetry.IntegrationTests.Support;

/// <summary>The executable as users start it: a process of its own that can be killed.</summary>
internal sealed class TelemetryProcess : IAsyncDisposable
{
    private const int LinesKept = 500;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly Task<string> _output;
    private readonly Task _errorLoop;

    private TelemetryProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errorLoop = ReadErrorsAsync();
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    public string Errors => string.Join(Environment.NewLine, _errors);

    public static TelemetryProcess Start(params string[] arguments) => Start(new Dictionary<string, string>(), arguments);

    /// <param name="environment">Variables added to this process' own.</param>
    /// <param name="arguments">The command and its flags.</param>
    public static TelemetryProcess Start(IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start(typeof(TelemetryOptions).Assembly.Location, environment, arguments);

    /// <summary>As <see cref="Start(IReadOnlyDictionary{string, string}, string[])"/>, in a process that may open only so many files.</summary>
    public static TelemetryProcess StartWithFiles(int files, IReadOnlyDictionary<string, string> environment, params string[] arguments) =>
        Start(typeof(TelemetryOptions).Assembly.Location, environment, arguments, files);

    private static TelemetryProcess Start(
        string program, IReadOnlyDictionary<string, string> environment, string[] arguments, int? files = null)
    {
        // Each becomes the next, so the id is the program's own. Signals are as at a terminal, also where the tests run in the background.
        var start = new ProcessStartInfo("env", ["--default-signal=INT,HUP,QUIT", files is null ? "dotnet" : "/bin/sh"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        if (files is { } limit)
        {
            string[] shell = ["-c", $"ulimit -n {limit.ToString(CultureInfo.InvariantCulture)}; exec dotnet \"$@\"", "sh"];
            Array.ForEach(shell, start.ArgumentList.Add);
        }

        start.ArgumentList.Add(program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new TelemetryProcess(Process.Start(start)!);
    }

    /// <summary>Runs to the end; output and exit code.</summary>
    public static Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments) =>
        RunAsync(new Dictionary<string, string>(), arguments);

    /// <inheritdoc cref="RunAsync(string[])"/>
    public static async Task<(int Code, string Output, string Errors)> RunAsync(
        IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        await using var process = Start(environment, arguments);
        var code = await process.WaitAsync();
        return (code, await process._output, process.Errors);
    }

    /// <summary>As <see cref="RunAsync(string[])"/>, with another copy of the executable.</summary>
    public static async Task<(int Code, string Output, string Errors)> RunCopyAsync(string program, params string[] arguments)
    {
        await using var process = Start(program, new Dictionary<string, string>(), arguments);
        var code = await process.WaitAsync();
        return (code, await process._output, process.Errors);
    }

    /// <summary>Waits until a port takes connections.</summary>
    public async Task WaitForPortAsync(int port)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if (HasExited)
            {
                throw new InvalidOperationException($"The process ended with code {ExitCode}:{Environment.NewLine}{Errors}");
            }

            try
            {
                using var socket = new TcpClient();
                await socket.ConnectAsync("127.0.0.1", port, limit.Token);
                return;
            }
            catch (SocketException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    /// <summary>What it wrote to standard output; completes when it has ended.</summary>
    public Task<string> OutputAsync() => _output;

    public void Kill() => _process.Kill();

    /// <summary>SIGINT, as Ctrl-C at a terminal.</summary>
    public void Interrupt() => ProcessSignal.Interrupt(Id).ShouldBeTrue();

    /// <summary>SIGTERM: the orderly stop.</summary>
    public void Terminate() => ProcessSignal.Terminate(Id).ShouldBeTrue();

    public async Task<int> WaitAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        await _process.WaitForExitAsync(limit.Token);
        await _errorLoop;
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        await _errorLoop;
        _process.Dispose();
    }

    private async Task ReadErrorsAsync()
    {
        while (await _process.StandardError.ReadLineAsync() is { } line)
        {
            _errors.Enqueue(line);
            if (_errors.Count > LinesKept)
            {
                _errors.TryDequeue(out _);
            }
        }
    }
}
