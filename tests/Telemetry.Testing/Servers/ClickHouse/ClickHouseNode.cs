using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;

namespace Telemetry.Testing.Servers.ClickHouse;

/// <summary>A real ClickHouse server for tests: the one <c>TELEMETRY_CLICKHOUSE</c> names, else a container.</summary>
public sealed class ClickHouseNode : IAsyncDisposable
{
    internal const string UserName = "telemetry";
    internal const string Secret = "telemetry-tests";
    internal const int HttpPort = 8123;

    private readonly IContainer? _container;

    private ClickHouseNode(Uri endpoint, string user, string password, IContainer? container)
    {
        (Endpoint, User, Password, _container) = (endpoint, user, password, container);
    }

    /// <summary>The HTTP interface, without user and password.</summary>
    public Uri Endpoint { get; }

    public string User { get; }

    public string Password { get; }

    /// <summary>The running one, or a container of our own.</summary>
    public static async Task<ClickHouseNode> StartAsync(CancellationToken cancellationToken)
    {
        switch (TestServers.ClickHouse.Origin())
        {
            case ServerOrigin.Environment:
                var given = new Uri(TestServers.ClickHouse.Address!);
                var user = given.UserInfo.Split(':', 2);
                return new ClickHouseNode(
                    new UriBuilder(given) { UserName = "", Password = "" }.Uri,
                    user[0].Length > 0 ? Uri.UnescapeDataString(user[0]) : "default",
                    user.Length > 1 ? Uri.UnescapeDataString(user[1]) : "",
                    null);
            case ServerOrigin.Container:
                var container = Container().Build();
                await container.StartAsync(cancellationToken);
                return new ClickHouseNode(EndpointOf(container), UserName, Secret, container);
            default:
                throw new InvalidOperationException(TestServers.ClickHouse.MissingReason());
        }
    }

    public ValueTask DisposeAsync() => _container?.DisposeAsync() ?? ValueTask.CompletedTask;

    /// <summary>A server with a user of ours, ready when its HTTP interface answers.</summary>
    internal static ContainerBuilder Container() => new ContainerBuilder(TestServers.ClickHouse.Image)
        .WithEnvironment("CLICKHOUSE_USER", UserName)
        .WithEnvironment("CLICKHOUSE_PASSWORD", Secret)
        .WithEnvironment("CLICKHOUSE_DEFAULT_ACCESS_MANAGEMENT", "1")
        .WithPortBinding(HttpPort, assignRandomHostPort: true)
        .WithWaitStrategy(Wait.ForUnixContainer().UntilHttpRequestIsSucceeded(request => request.ForPort(HttpPort).ForPath("/ping")));

    internal static Uri EndpointOf(IContainer container) => new($"http://127.0.0.1:{container.GetMappedPublicPort(HttpPort)}");
}
