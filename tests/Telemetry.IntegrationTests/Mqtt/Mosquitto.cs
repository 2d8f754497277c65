using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Telemetry.Testing.Processes;

namespace Telemetry.IntegrationTests.Mqtt;

/// <summary>A real mosquitto on a free port, started and stopped by its test.</summary>
internal sealed class Mosquitto : IAsyncDisposable
{
    private static readonly string? Program = Find();

    private readonly Process _process;
    private readonly string _directory;
    private readonly Channel<string> _log;
    private readonly Task _reading;

    private Mosquitto(Process process, string directory, int port, Channel<string> log, Task reading)
    {
        _process = process;
        _directory = directory;
        Port = port;
        _log = log;
        _reading = reading;
    }

    public int Port { get; }

    /// <summary>Skips the test by name when there is no mosquitto on this machine.</summary>
    public static void Require() => Assert.SkipWhen(Program is null, "mosquitto is not installed (PATH, /usr/sbin).");

    /// <param name="settings">More lines for its configuration file.</param>
    /// <param name="port">Port to use again; 0 finds a free one.</param>
    public static async Task<Mosquitto> StartAsync(string settings = "", int port = 0)
    {
        Require();
        var directory = Directory.CreateTempSubdirectory("mosquitto-").FullName;
        port = port == 0 ? FreePort() : port;
        var configuration = $"listener {port} 127.0.0.1\nallow_anonymous true\n{settings}\n";
        var file = Path.Combine(directory, "mosquitto.conf");
        // Started by root it would become another user, who cannot read this directory.
        await File.WriteAllTextAsync(
            file, $"user {Environment.UserName}\npersistence false\nlog_dest stderr\nlog_type all\n" + configuration);
        var process = Process.Start(new ProcessStartInfo(Program!, ["-c", file]) { RedirectStandardError = true })!;
        var log = Channel.CreateBounded<string>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
        var mosquitto = new Mosquitto(process, directory, port, log, ReadAsync(process, log.Writer));
        await mosquitto.WaitForAsync("running");
        return mosquitto;
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
        Assert.Fail($"mosquitto ended without '{text}': {string.Join('\n', seen)}");
    }

    /// <summary>kill -9.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP: alive for TCP, silent for MQTT.</summary>
    public void Pause() => ProcessSignal.Pause(_process.Id).ShouldBeTrue();

    /// <summary>SIGCONT.</summary>
    public void Resume() => ProcessSignal.Resume(_process.Id).ShouldBeTrue();

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            await KillAsync();
        }
        await _reading;
        _process.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static async Task ReadAsync(Process process, ChannelWriter<string> log)
    {
        while (await process.StandardError.ReadLineAsync() is { } line)
        {
            log.TryWrite(line);
        }
        log.Complete();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin");
        return folders.Select(f => Path.Combine(f, "mosquitto")).FirstOrDefault(File.Exists);
    }
}
