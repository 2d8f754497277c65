using System.Diagnostics;
using System.Threading.Channels;
using Telemetry.Testing;
using Telemetry.Testing.Processes;
using Telemetry.Testing.Servers;

namespace Telemetry.IntegrationTests.Simulator;

/// <summary>A real mosquitto on a free port, started, killed, started again and stopped by its test.</summary>
internal sealed class Mosquitto : IAsyncDisposable
{
    private static readonly string? Program = TestServers.FindProgram("mosquitto");

    private readonly string _directory;
    private readonly Channel<string> _log = Channel.CreateBounded<string>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
    private Process? _process;
    private Task _reading = Task.CompletedTask;

    private Mosquitto(string directory, int port) => (_directory, Port) = (directory, port);

    public int Port { get; }

    private string Configuration => Path.Combine(_directory, "mosquitto.conf");

    private Process Running => _process ?? throw new InvalidOperationException("mosquitto has been killed.");

    /// <summary>Skips the test by name when there is no mosquitto on this machine.</summary>
    /// <param name="settings">More lines for its configuration file.</param>
    /// <param name="port">Port to use again; 0 finds a free one.</param>
    /// <param name="persistent">True: it keeps sessions and messages on disk, see <see cref="SaveAsync"/>.</param>
    public static async Task<Mosquitto> StartAsync(string settings = "", int port = 0, bool persistent = false)
    {
        Assert.SkipWhen(Program is null, "mosquitto is not installed (PATH, /usr/sbin).");
        var mosquitto = new Mosquitto(Directory.CreateTempSubdirectory("mosquitto-").FullName, port == 0 ? FreePorts.Find() : port);

        // Started by root it would become another user, who cannot read this directory.
        await File.WriteAllTextAsync(
            mosquitto.Configuration,
            $"user {Environment.UserName}\n{(persistent ? $"persistence true\npersistence_location {mosquitto._directory}/" : "persistence false")}\nlog_dest stderr\nlog_type error\nlog_type warning\nlog_type notice\nlog_type information\n"
            + $"listener {mosquitto.Port} 127.0.0.1\nallow_anonymous true\n{settings}\n");
        await mosquitto.StartAgainAsync();
        return mosquitto;
    }

    /// <summary>After <see cref="KillAsync"/>: on the same port, with what it had on disk, if anything.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo(Program!, ["-c", Configuration]) { RedirectStandardError = true })!;
        _reading = ReadAsync(_process, _log.Writer);
        await WaitForAsync("running");
    }

    /// <summary>Waits for a line of its log.</summary>
    public async Task WaitForAsync(string text)
    {
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var seen = new List<string>();
        try
        {
            await foreach (var line in _log.Reader.ReadAllAsync(timeout.Token))
            {
                seen.Add(line);
                if (line.Contains(text, StringComparison.Ordinal))
                {
                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            Assert.Fail($"mosquitto never said '{text}' but: {string.Join('\n', seen)}");
        }
    }

    /// <summary>Lets it write sessions and messages to disk, and waits until they are there: what it knows now survives a kill.</summary>
    public async Task SaveAsync()
    {
        var database = Path.Combine(_directory, "mosquitto.db");
        File.Delete(database);
        ProcessSignal.User1(Running.Id).ShouldBeTrue();
        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!File.Exists(database))
        {
            // Written beside it and renamed, so it is whole once it is there.
            await Task.Delay(5, timeout.Token);
        }
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        Running.Kill();
        await Running.WaitForExitAsync();
        await _reading;
        Running.Dispose();
        _process = null;
    }

    /// <summary>SIGSTOP: alive for TCP, silent for MQTT.</summary>
    public void Pause() => ProcessSignal.Pause(Running.Id).ShouldBeTrue();

    /// <summary>SIGCONT.</summary>
    public void Resume() => ProcessSignal.Resume(Running.Id).ShouldBeTrue();

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
        {
            await KillAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    private static async Task ReadAsync(Process process, ChannelWriter<string> log)
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            log.TryWrite(line);
        }
    }
}
