using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Telemetry.IntegrationTests.Simulator;

/// <summary>A mosquitto of our own on a free port, to be killed and started again.</summary>
internal sealed class Mosquitto : IDisposable
{
    private const string Path = "/usr/sbin/mosquitto";

    private readonly string _configuration;
    private Process? _process;

    /// <param name="directory">For its configuration.</param>
    /// <param name="settings">More lines of configuration, for the one listener.</param>
    public Mosquitto(string directory, string settings = "")
    {
        Assert.SkipUnless(File.Exists(Path), "mosquitto is not installed");
        using (var probe = new TcpListener(IPAddress.Loopback, 0))
        {
            probe.Start();
            Port = ((IPEndPoint)probe.LocalEndpoint).Port;
        }

        _configuration = System.IO.Path.Combine(directory, "mosquitto.conf");
        File.WriteAllText(
            _configuration, $"listener {Port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nlog_type error\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\n{settings}");
    }

    public int Port { get; }

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _process = Process.Start(new ProcessStartInfo(Path, ["-c", _configuration]) { RedirectStandardError = true })!;
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                using var probe = new TcpClient();
                await probe.ConnectAsync(IPAddress.Loopback, Port, deadline.Token);
                return;
            }
            catch (SocketException)
            {
                // Not listening yet.
                await Task.Delay(20, deadline.Token);
            }
        }
    }

    public void Kill()
    {
        _process?.Kill();
        _process?.WaitForExit();
        _process?.Dispose();
        _process = null;
    }

    public void Dispose() => Kill();
}
