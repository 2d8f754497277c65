using System.Net;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>What the executable says when a cluster is missing, not there yet, or asked for in ways that do not go together.</summary>
[Collection("processes")]
public sealed class ClusterSettingsTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-settings-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData("--kafka HOST:PORT", "up", "--roles-apart")]
    [InlineData("--roles-apart", "up", "--store", "2")]
    [InlineData("give 1 to", "up", "--roles-apart", "--kafka", "127.0.0.1:1", "--process", "0")]
    [InlineData("--clickhouse http", "store", "--kafka", "127.0.0.1:1")]
    [InlineData("--clickhouse http", "query", "--kafka", "127.0.0.1:1")]
    [InlineData("http or https", "up", "--clickhouse", "ftp://127.0.0.1")]
    [InlineData("There is no store", "audit", "--kafka", "127.0.0.1:1")]
    public async Task Flags_that_do_not_go_together_are_refused_with_a_sentence(string says, params string[] arguments)
    {
        var (code, _, errors) = await TelemetryProcess.RunAsync([.. arguments, "--data", _data]);

        code.ShouldBe(2, errors);
        errors.ShouldContain(says);
        errors.ShouldNotContain("   at Telemetry.");
    }

    [Fact]
    public async Task Role_started_before_its_cluster_waits_says_so_and_stops_on_request()
    {
        var http = FreePorts.Find();
        await using var role = TelemetryProcess.Start(
            "process", "--kafka", $"127.0.0.1:{FreePorts.Find()}", "--http-port", $"{http}", "--data", _data);
        await role.WaitForPortAsync(http);
        using var client = new HttpClient { BaseAddress = new Uri($"http://127.0.0.1:{http}") };
        var reason = "";
        while (!reason.Contains("waiting for Kafka", StringComparison.Ordinal))
        {
            role.HasExited.ShouldBeFalse(role.Errors);
            using var answer = await client.GetAsync("/readyz", TestContext.Current.CancellationToken);
            answer.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            reason = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }

        role.Terminate();

        (await role.WaitAsync()).ShouldBe(0, role.Errors);
    }
}
