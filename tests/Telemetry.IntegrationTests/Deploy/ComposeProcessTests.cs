using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Deploy;

/// <summary>
/// No container engine is needed to know that the compose file's services work together: each service of ours is started as a
/// plain process with the command, the variables and the health check it has there, over a real broker, registry and ClickHouse.
/// </summary>
[Collection("processes over Kafka")]
public sealed class ComposeProcessTests : IAsyncLifetime
{
    private const string Password = "compose-test";
    private const string MetricsToken = "compose-metrics-token-0123456789";
    private const int Devices = 20;
    private static readonly string[] Roles = ["edge", "process", "alarms", "store", "query", "simulator"];

    private readonly string _directory = Directory.CreateTempSubdirectory("telemetry-compose-").FullName;
    private readonly Dictionary<string, TelemetryProcess> _running = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly LoopbackNetwork _network;
    private KafkaCluster? _kafka;
    private RegistryServer? _registry;

    public ComposeProcessTests() => _network = new LoopbackNetwork(_directory);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        if ((KafkaCluster.MissingReason(own: true) ?? RegistryServer.MissingReason()) is { } missing)
        {
            Assert.Skip(missing);
        }

        _kafka = await KafkaCluster.StartAsync(1);
        _registry = await RegistryServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _running.Values)
        {
            await process.DisposeAsync();
        }

        if (_registry is not null)
        {
            await _registry.DisposeAsync();
        }

        if (_kafka is not null)
        {
            await _kafka.DisposeAsync();
        }

        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Services_start_become_healthy_store_what_the_fleet_sends_and_stop_in_good_order()
    {
        var services = ComposedService.Load("single");
        services.Keys.ShouldBe([.. Roles, "topics", "schemas", "users", "administrator"], ignoreOrder: true);
        await StartServersAsync(services["topics"]);
        await File.WriteAllTextAsync(_network.Secret("mqtt-simulator-password"), Password, Token);
        await File.WriteAllTextAsync(_network.Secret("console-admin-password"), Password, Token);
        await File.WriteAllTextAsync(_network.Secret("metrics-token"), MetricsToken, Token);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", MetricsToken);
        foreach (var name in (string[])["topics", "schemas", "users", "administrator"])
        {
            var (code, output, errors) = await TelemetryProcess.RunAsync(_network.Translate(services[name]), _network.Arguments(services[name]));
            code.ShouldBe(0, $"{name}: {output}\n{errors}");
        }

        foreach (var name in Roles)
        {
            await StartAsync(services[name]);
        }

        await StoredAsync(atLeast: 500);
        using var nobody = await _http.GetAsync($"http://{_network["query:8080"]}/api/v1/devices?limit=100", Token);
        nobody.StatusCode.ShouldBe(HttpStatusCode.Forbidden, "the token for metrics is for nothing else");
        var arguments = _network.Arguments(services["administrator"]);
        var users = arguments[Array.IndexOf(arguments, "--users-file") + 1];
        var (made, token, problem) = await TelemetryProcess.RunAsync(
            _network.Translate(services["administrator"]), "users", "token", "add", "reader", "--role", "viewer", "--users-file", users);
        made.ShouldBe(0, problem);
        _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token.Trim());
        using var answer = JsonDocument.Parse(await SoonAsync($"http://{_network["query:8080"]}/api/v1/devices?limit=100"));
        answer.RootElement.ToString().ShouldContain("press-");
        foreach (var name in Roles.Reverse())
        {
            _running[name].Terminate();
            (await _running[name].WaitAsync()).ShouldBe(0, $"{name}: {_running[name].Errors}");
        }
    }

    /// <summary>Kafka, the registry and ClickHouse under the names the compose file gives them.</summary>
    private async Task StartServersAsync(ComposedService any)
    {
        _network.Place(any.Environment["TELEMETRY__KAFKA__BOOTSTRAPSERVERS"], _kafka!.BootstrapServers);
        _network.Place("registry:8080", _registry!.Url.Authority);
        await File.WriteAllTextAsync(_network.Secret("clickhouse-password"), Password, Token);
        var address = _network["clickhouse:8123"];
        var server = TelemetryProcess.Start(
            "clickhouse", "--data", Path.Combine(_directory, "clickhouse"), "--clickhouse-http", address.Split(':')[1],
            "--set", "ClickHouseServer:User=telemetry", "--set", $"ClickHouseServer:PasswordFile={_network.Secret("clickhouse-password")}");
        _running["clickhouse"] = server;
        await server.WaitForPortAsync(int.Parse(address.Split(':')[1], System.Globalization.CultureInfo.InvariantCulture));

        // What CLICKHOUSE_DB makes the server's container do.
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://{address}/") { Content = new StringContent("CREATE DATABASE IF NOT EXISTS telemetry") };
        request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"telemetry:{Password}")));
        using var response = await _http.SendAsync(request, Token);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync(Token));
    }

    /// <summary>Starts a service and runs its own health check until it passes.</summary>
    private async Task StartAsync(ComposedService service)
    {
        var environment = _network.Translate(service);
        if (service.Name == "simulator")
        {
            environment["TELEMETRY__SIMULATOR__DEVICES"] = Devices.ToString(System.Globalization.CultureInfo.InvariantCulture);
            environment["TELEMETRY__SIMULATOR__RATEPERHOUR"] = "720000";
        }

        var process = TelemetryProcess.Start(environment, _network.Arguments(service));
        _running[service.Name] = process;
        var limit = Stopwatch.StartNew();
        while (true)
        {
            var (code, output, _) = await TelemetryProcess.RunAsync(environment, service.HealthCheck);
            if (code == 0)
            {
                return;
            }

            process.HasExited.ShouldBeFalse($"{service.Name} ended: {process.Errors}");
            limit.Elapsed.ShouldBeLessThan(TimeSpan.FromMinutes(2), $"{service.Name} is not healthy: {output}\n{process.Errors}");
        }
    }

    /// <summary>A running process takes a new token over within seconds.</summary>
    private async Task<string> SoonAsync(string address)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        do
        {
            using var response = await _http.GetAsync(address, limit.Token);
            if (response.StatusCode != HttpStatusCode.Unauthorized)
            {
                response.EnsureSuccessStatusCode();
                return await response.Content.ReadAsStringAsync(limit.Token);
            }
        }
        while (await timer.WaitForNextTickAsync(limit.Token));
        return "";
    }

    private async Task StoredAsync(int atLeast)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Token);
        limit.CancelAfter(TimeSpan.FromMinutes(2));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        do
        {
            var metrics = await _http.GetStringAsync($"http://{_network["store:8080"]}/metrics", limit.Token);
            var stored = metrics.Split('\n').Where(l => l.StartsWith("telemetry_storage_readings_stored_total", StringComparison.Ordinal))
                .Sum(l => double.Parse(l.Split(' ')[^1], System.Globalization.CultureInfo.InvariantCulture));
            if (stored >= atLeast)
            {
                return;
            }
        }
        while (await timer.WaitForNextTickAsync(limit.Token));
    }
}
