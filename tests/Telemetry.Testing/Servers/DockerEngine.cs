using Docker.DotNet;
using Docker.DotNet.Models;
using DotNet.Testcontainers.Configurations;
using DotNet.Testcontainers.Containers;

namespace Telemetry.Testing.Servers;

/// <summary>The Docker engine that containers run on, and what Testcontainers does not do with one.</summary>
public static class DockerEngine
{
    private static readonly Lazy<bool> IsThere = new(Ask);

    /// <summary>True: an engine answers (DOCKER_HOST, or the usual sockets). Asked once a process.</summary>
    public static bool Answers => IsThere.Value;

    /// <summary>SIGKILL: a crash. The container keeps its files and its ports, and can be started again.</summary>
    public static async Task KillAsync(IContainer container, CancellationToken cancellationToken = default)
    {
        using var client = Connect();
        await client.Containers.KillContainerAsync(container.Id, new ContainerKillParameters { Signal = "SIGKILL" }, cancellationToken);
    }

    private static DockerClient Connect() =>
        TestcontainersSettings.OS.DockerEndpointAuthConfig.GetDockerClientBuilder(Guid.NewGuid()).Build();

    private static bool Ask()
    {
        try
        {
            // Testcontainers has looked for a socket that answers; without one there is no configuration.
            if (TestcontainersSettings.OS.DockerEndpointAuthConfig is null)
            {
                return false;
            }

            using var client = Connect();
            using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5));
            return Task.Run(() => client.System.PingAsync(limit.Token)).Wait(TimeSpan.FromSeconds(6));
        }
        catch (Exception error) when (error is AggregateException or InvalidOperationException or ArgumentException or DockerApiException or IOException)
        {
            return false;
        }
    }
}
