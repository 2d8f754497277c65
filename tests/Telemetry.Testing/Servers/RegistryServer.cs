using System.Diagnostics;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using Telemetry.Testing.Servers;

namespace Telemetry.Testing;

/// <summary>
/// A real schema registry for tests: the one <c>TELEMETRY_SCHEMA_REGISTRY</c> names (base URL), else a process on loopback (needs Java 17),
/// else a container.
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private readonly string? _directory;
    private readonly IContainer? _container;

    private RegistryServer(string url, string? directory, IContainer? container = null)
    {
        (Url, _directory, _container) = (new Uri(url.Trim()), directory, container);
    }

    /// <summary>Base URL for clients of the Confluent API.</summary>
    public Uri Url { get; }

    /// <summary>Why there can be no registry, for <c>Assert.Skip</c>; null when there can.</summary>
    /// <param name="own">True: the test kills or pauses it and wants its schemas back, so it needs a process: a container keeps them in memory.</param>
    public static string? MissingReason(bool own = false) =>
        own && Script is null ? $"no schema registry as a process: {TestServers.SchemaRegistry.ProgramHint}" : TestServers.SchemaRegistry.MissingReason(own);

    /// <summary>The external one, or one of our own.</summary>
    public static async Task<RegistryServer> AnyAsync() => TestServers.SchemaRegistry.Origin() switch
    {
        ServerOrigin.Environment => new RegistryServer(TestServers.SchemaRegistry.Address!, null),
        ServerOrigin.Container => await StartContainerAsync(),
        _ => await StartAsync(),
    };

    /// <summary>Starts one of our own as a process, empty: about 3 s.</summary>
    public static async Task<RegistryServer> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("telemetry-registry-").FullName;
        try
        {
            return new RegistryServer(await RunAsync("start", directory), directory);
        }
        catch (InvalidOperationException)
        {
            await RunAsync("destroy", directory);
            throw;
        }
    }

    /// <summary>SIGKILL: an outage. What was registered stays on disk.</summary>
    public Task KillAsync() => RunAsync("kill", Own);

    /// <summary>Starts it again on its data and its port; returns when it answers.</summary>
    public Task RestartAsync() => RunAsync("start", Own);

    /// <summary>SIGSTOP: it takes connections and answers nothing.</summary>
    public Task PauseAsync() => RunAsync("pause", Own);

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => RunAsync("resume", Own);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_directory is not null)
        {
            await RunAsync("destroy", _directory);
        }

        await (_container?.DisposeAsync() ?? ValueTask.CompletedTask);
    }

    private string Own => _directory ?? throw new InvalidOperationException("This registry is not ours to stop.");

    private static string? Script => TestServers.SchemaRegistry.Program();

    private static async Task<RegistryServer> StartContainerAsync()
    {
        var container = new ContainerBuilder(TestServers.SchemaRegistry.Image)
            .WithPortBinding(8080, assignRandomHostPort: true)
            .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(request => request.ForPort(8080).ForPath("/health/ready")))
            .Build();
        await container.StartAsync();
        return new RegistryServer($"http://127.0.0.1:{container.GetMappedPublicPort(8080)}/apis/ccompat/v7", null, container);
    }

    private static async Task<string> RunAsync(string command, string directory)
    {
        var start = new ProcessStartInfo(Script ?? throw new InvalidOperationException(MissingReason(own: true)), [command, directory])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();

        // The server keeps the pipe open, so the URL is one line and not all there is.
        var line = command == "start" ? await process.StandardOutput.ReadLineAsync() : "";
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 && line is not null
            ? line
            : throw new InvalidOperationException($"registry.sh {command} ended with {process.ExitCode}: {await errors}");
    }
}
