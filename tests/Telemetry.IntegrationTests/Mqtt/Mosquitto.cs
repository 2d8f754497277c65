using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
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

    private Mosquitto(Process process, string directory, int port, int tlsPort, Channel<string> log, Task reading)
    {
        _process = process;
        _directory = directory;
        Port = port;
        TlsPort = tlsPort;
        _log = log;
        _reading = reading;
    }

    public int Port { get; }

    public int TlsPort { get; }

    public int ProcessId => _process.Id;

    /// <summary>Skips the test by name when there is no mosquitto on this machine.</summary>
    public static void Require() => Assert.SkipWhen(Program is null, "mosquitto is not installed (PATH, /usr/sbin).");

    /// <param name="settings">More lines for its configuration file.</param>
    /// <param name="port">Port to use again; 0 finds a free one.</param>
    public static async Task<Mosquitto> StartAsync(string settings = "", int port = 0, bool withTls = false)
    {
        Require();
        var directory = Directory.CreateTempSubdirectory("mosquitto-").FullName;
        port = port == 0 ? FreePort() : port;
        var tlsPort = withTls ? FreePort() : 0;
        var configuration = $"listener {port} 127.0.0.1\nallow_anonymous true\n{settings}\n";
        if (withTls)
        {
            WriteCertificate(directory);
            configuration += $"listener {tlsPort} 127.0.0.1\nallow_anonymous true\n"
                + $"certfile {directory}/cert.pem\nkeyfile {directory}/key.pem\n";
        }
        var file = Path.Combine(directory, "mosquitto.conf");
        // Started by root it would become another user, who cannot read this directory.
        await File.WriteAllTextAsync(
            file, $"user {Environment.UserName}\npersistence false\nlog_dest stderr\nlog_type all\n" + configuration);
        var process = Process.Start(new ProcessStartInfo(Program!, ["-c", file]) { RedirectStandardError = true })!;
        var log = Channel.CreateBounded<string>(new BoundedChannelOptions(1000) { FullMode = BoundedChannelFullMode.DropOldest });
        var mosquitto = new Mosquitto(process, directory, port, tlsPort, log, ReadAsync(process, log.Writer));
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

    private static void WriteCertificate(string directory)
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(Path.Combine(directory, "cert.pem"), certificate.ExportCertificatePem());
        File.WriteAllText(Path.Combine(directory, "key.pem"), key.ExportPkcs8PrivateKeyPem());
    }

    private static string? Find()
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin");
        return folders.Select(f => Path.Combine(f, "mosquitto")).FirstOrDefault(File.Exists);
    }
}
