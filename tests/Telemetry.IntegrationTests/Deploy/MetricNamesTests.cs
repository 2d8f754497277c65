using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;
using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Deploy;

/// <summary>Alerts and dashboard ask for figures that a running process really gives.</summary>
[Collection("processes")]
public sealed partial class MetricNamesTests : IDisposable
{
    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-metrics-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Fact]
    public async Task Every_metric_that_alerts_and_the_dashboard_ask_for_is_served()
    {
        var port = FreePorts.Find();
        var environment = new Dictionary<string, string> { ["TELEMETRY__HTTP__PORT"] = port.ToString(CultureInfo.InvariantCulture) };
        await using var platform = TelemetryProcess.Start(environment, "up", "--no-simulator", "--no-browser", "--plain", "--data", _data, "--mqtt-port", "0");
        await platform.WaitForPortAsync(port);
        while ((await TelemetryProcess.RunAsync(environment, "healthcheck")).Code != 0)
        {
            platform.HasExited.ShouldBeFalse(platform.Errors);
        }

        using var http = new HttpClient();
        await http.GetStringAsync($"http://127.0.0.1:{port}/api/v1/devices", TestContext.Current.CancellationToken);
        var metrics = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics", TestContext.Current.CancellationToken);
        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);

        var served = Declared().Matches(metrics).Select(m => m.Groups[1].Value).ToHashSet();
        var asked = new[] { "deploy/prometheus/alerts.yml", "deploy/grafana/dashboards/pipeline.json", "deploy/helm/telemetry/templates/autoscaling.yaml" }
            .SelectMany(file => Name().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))).Select(m => m.Value).ToHashSet();

        asked.Count.ShouldBeGreaterThan(20);
        asked.Select(n => served.Contains(n) ? n : Suffix().Replace(n, "")).ShouldBeSubsetOf(served);
    }

    [GeneratedRegex(@"^# TYPE (\S+)", RegexOptions.Multiline)]
    private static partial Regex Declared();

    [GeneratedRegex(@"\btelemetry_(edge|bridge|processing|storage|query|simulator|pipeline|log|dead|streams|e2e)_[a-z0-9_]+\b")]
    private static partial Regex Name();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
