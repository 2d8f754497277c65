using System.Net.Http.Json;
using System.Text.Json;
using Confluent.Kafka;
using Telemetry.Testing;
using Telemetry.Testing.Servers;
using Telemetry.Testing.Servers.ClickHouse;

namespace Telemetry.IntegrationTests.Servers;

/// <summary>Each server that tests can have here is started the way tests do, and answers a real client of its own.</summary>
public sealed class ServerFixtureTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kafka_describes_its_brokers()
    {
        Need(TestServers.Kafka);
        await using var kafka = await KafkaCluster.AnyAsync();
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = kafka.BootstrapServers }).Build();

        var metadata = admin.GetMetadata(TimeSpan.FromSeconds(30));

        metadata.Brokers.Count.ShouldBeGreaterThanOrEqualTo(Math.Max(1, kafka.Brokers));
    }

    [Fact]
    public async Task Schema_registry_lists_its_subjects()
    {
        Need(TestServers.SchemaRegistry);
        await using var registry = await RegistryServer.AnyAsync();
        using var client = new HttpClient();

        var subjects = await client.GetFromJsonAsync<JsonElement>($"{registry.Url.ToString().TrimEnd('/')}/subjects", Token);

        subjects.ValueKind.ShouldBe(JsonValueKind.Array);
    }

    [Fact]
    public async Task Alertmanager_keeps_an_alert_that_it_is_given()
    {
        Need(TestServers.Alertmanager);
        await using var server = await AlertmanagerServer.StartAsync(Token);
        using var client = new HttpClient { BaseAddress = server.Url };

        using var posted = await client.PostAsJsonAsync(
            "/api/v2/alerts", new[] { new { labels = new Dictionary<string, string> { ["alertname"] = "TelemetryFixture" } } }, Token);
        var alerts = await client.GetFromJsonAsync<JsonElement>("/api/v2/alerts?filter=alertname%3D%22TelemetryFixture%22", Token);

        posted.EnsureSuccessStatusCode();
        alerts.GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task ClickHouse_server_says_its_version()
    {
        Need(TestServers.ClickHouse);
        await using var server = await ClickHouseNode.StartAsync(Token);
        using var client = new HttpClient();
        client.DefaultRequestHeaders.Add("X-ClickHouse-User", server.User);
        client.DefaultRequestHeaders.Add("X-ClickHouse-Key", server.Password);

        var version = await client.GetStringAsync(new Uri(server.Endpoint, "/?query=SELECT%20version()"), Token);

        version.ShouldMatch(@"^2\d\.\d+");
    }

    private static void Need(ServerKind kind) => Assert.SkipWhen(kind.MissingReason() is not null, kind.MissingReason() ?? "");
}
