using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Telemetry.Testing.Processes;

namespace Telemetry.Testing.Servers;

/// <summary>
/// A real Alertmanager for tests: the one <c>TELEMETRY_ALERTMANAGER</c> names (base URL), else a process on loopback, else a container. It
/// takes alerts and keeps them; its only receiver does nothing.
/// </summary>
public sealed class AlertmanagerServer : IAsyncDisposable
{
    private const int InsidePort = 9093;

    private const string Configuration = """
        route: { receiver: nobody, group_by: [device], group_wait: 1s }
        receivers: [{ name: nobody }]

        """;

    private readonly string? _directory;
    private readonly OwnedProcess? _process;
    private readonly IContainer? _container;

    private AlertmanagerServer(Uri url, string? directory = null, OwnedProcess? process = null, IContainer? container = null)
    {
        (Url, _directory, _process, _container) = (url, directory, process, container);
    }

    /// <summary>Base URL.</summary>
    public Uri Url { get; }

    /// <summary>On a port of its choice.</summary>
    public static Task<AlertmanagerServer> StartAsync(CancellationToken cancellationToken) => StartAsync(null, cancellationToken);

    /// <param name="port">Port of a process of our own; null: a free one.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<AlertmanagerServer> StartAsync(int? port, CancellationToken cancellationToken)
    {
        var server = TestServers.Alertmanager.Origin() switch
        {
            ServerOrigin.Environment => new AlertmanagerServer(new Uri(TestServers.Alertmanager.Address!)),
            ServerOrigin.Process => await StartProcessAsync(port ?? FreePorts.Find(), cancellationToken),
            ServerOrigin.Container => await StartContainerAsync(cancellationToken),
            _ => throw new InvalidOperationException(TestServers.Alertmanager.MissingReason()),
        };
        try
        {
            await server.UntilReadyAsync(cancellationToken);
            return server;
        }
        catch (Exception)
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await (_process?.DisposeAsync() ?? ValueTask.CompletedTask);
        await (_container?.DisposeAsync() ?? ValueTask.CompletedTask);
        if (_directory is not null)
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static async Task<AlertmanagerServer> StartProcessAsync(int port, CancellationToken cancellationToken)
    {
        var directory = Directory.CreateTempSubdirectory("telemetry-alertmanager-").FullName;
        var configuration = Path.Combine(directory, "alertmanager.yml");
        await File.WriteAllTextAsync(configuration, Configuration, cancellationToken);
        var process = OwnedProcess.Start(
            "alertmanager",
            [
                TestServers.Alertmanager.Program()!, $"--config.file={configuration}", $"--storage.path={Path.Combine(directory, "data")}",
                $"--web.listen-address=127.0.0.1:{port}", "--cluster.listen-address=",
            ],
            Path.Combine(directory, "alertmanager.log"),
            new ProcessRegister(Path.Combine(directory, "processes")));
        return new AlertmanagerServer(new Uri($"http://127.0.0.1:{port}"), directory, process);
    }

    private static async Task<AlertmanagerServer> StartContainerAsync(CancellationToken cancellationToken)
    {
        var container = new ContainerBuilder(TestServers.Alertmanager.Image)
            .WithPortBinding(InsidePort, assignRandomHostPort: true)
            .WithResourceMapping(System.Text.Encoding.UTF8.GetBytes(Configuration), "/etc/alertmanager/alertmanager.yml")
            .Build();
        await container.StartAsync(cancellationToken);
        return new AlertmanagerServer(new Uri($"http://127.0.0.1:{container.GetMappedPublicPort(InsidePort)}"), container: container);
    }

    private async Task UntilReadyAsync(CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        using var client = new HttpClient { BaseAddress = Url };
        while (true)
        {
            try
            {
                using var answer = await client.GetAsync("/-/ready", limit.Token);
                if (answer.IsSuccessStatusCode)
                {
                    return;
                }
            }
            catch (HttpRequestException)
            {
                // Not listening yet.
            }

            if (_process is { HasExited: true })
            {
                throw new InvalidOperationException(
                    $"Alertmanager ended with code {_process.ExitCode}: {await File.ReadAllTextAsync(Path.Combine(_directory!, "alertmanager.log"), limit.Token)}");
            }

            await Task.Delay(50, limit.Token);
        }
    }
}
