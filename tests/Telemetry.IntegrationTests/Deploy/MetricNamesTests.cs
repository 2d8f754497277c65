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
        var dead = FreePorts.Find().ToString(CultureInfo.InvariantCulture);
        var metrics = string.Concat(
            await ScrapeAsync(simulator: false),
            await ScrapeOneAsync("telemetry_forward_disk_limit_bytes", "edge", "--kafka", $"127.0.0.1:{dead}", "--set", "Log:StoreAndForward:Enabled=true"),
            await ScrapeOneAsync("telemetry_bridge_upstream_connected", "up", "--no-simulator", "--no-browser", "--plain", "--set", $"Upstream:Broker=mqtt://127.0.0.1:{dead}"));

        var served = Declared().Matches(metrics).Select(m => m.Groups[1].Value).ToHashSet();
        var asked = new[] { "deploy/prometheus/alerts.yml", "deploy/grafana/dashboards/pipeline.json", "deploy/helm/telemetry/templates/autoscaling.yaml" }
            .SelectMany(file => Name().Matches(File.ReadAllText(Path.Combine(Repository.Root, file)))).Select(m => m.Value).ToHashSet();

        asked.Count.ShouldBeGreaterThan(20);
        asked.Select(n => served.Contains(n) ? n : Suffix().Replace(n, "")).ShouldBeSubsetOf(served);
    }

    [Fact]
    public async Task Metrics_keep_their_names_types_and_labels()
    {
        var metrics = await ScrapeAsync(simulator: true);

        var types = Declared().Matches(metrics).ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "tests/Telemetry.IntegrationTests/Deploy/served-metrics.txt")))
        {
            if (line.StartsWith('#'))
            {
                continue;
            }

            var parts = line.Split(' ');
            types.ShouldContainKeyAndValue(parts[0], parts[1]);
            foreach (var series in Series().Matches(metrics).Where(m => parts.Length > 2 && Suffix().Replace(m.Groups[1].Value, "") == Suffix().Replace(parts[0], "")))
            {
                Label().Matches(series.Groups[2].Value).Select(l => l.Groups[1].Value).Where(l => l != "le")
                    .ShouldBe(parts[2].Split(','), ignoreOrder: true, series.Value);
            }
        }

        // Nothing is added to our labels either.
        metrics.ShouldNotContain("otel_scope");
        foreach (var added in new[] { "process_cpu_time_seconds_total", "process_memory_usage_bytes", "http_server_request_duration_seconds", "kestrel_active_connections" })
        {
            types.ShouldContainKey(added);
        }
    }

    /// <summary>Of a process that need not become ready: what it stands in front of, or behind, is away.</summary>
    private async Task<string> ScrapeOneAsync(string until, string command, params string[] flags)
    {
        var port = FreePorts.Find();
        await using var process = TelemetryProcess.Start(
            [command, .. flags, "--data", Path.Combine(_data, until), "--mqtt-port", "0", "--http-port", port.ToString(CultureInfo.InvariantCulture)]);
        await process.WaitForPortAsync(port);
        using var http = new HttpClient();
        string metrics;
        do
        {
            process.HasExited.ShouldBeFalse(process.Errors);
            metrics = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics", TestContext.Current.CancellationToken);
        }
        while (!metrics.Contains("\n" + until, StringComparison.Ordinal));

        process.Terminate();
        await process.WaitAsync();
        return metrics;
    }

    private async Task<string> ScrapeAsync(bool simulator)
    {
        var port = FreePorts.Find();
        var environment = new Dictionary<string, string> { ["TELEMETRY__HTTP__PORT"] = port.ToString(CultureInfo.InvariantCulture) };
        string[] fleet = simulator ? ["--devices", "20", "--rate", "200/s"] : ["--no-simulator"];
        await using var platform = TelemetryProcess.Start(
            environment, ["up", .. fleet, "--no-browser", "--plain", "--data", _data, "--mqtt-port", "0"]);
        await platform.WaitForPortAsync(port);
        while ((await TelemetryProcess.RunAsync(environment, "healthcheck")).Code != 0)
        {
            platform.HasExited.ShouldBeFalse(platform.Errors);
        }

        using var http = new HttpClient();
        await http.GetStringAsync($"http://127.0.0.1:{port}/api/v1/devices", TestContext.Current.CancellationToken);
        string metrics;
        do
        {
            platform.HasExited.ShouldBeFalse(platform.Errors);
            metrics = await http.GetStringAsync($"http://127.0.0.1:{port}/metrics", TestContext.Current.CancellationToken);
        }
        while (simulator && !metrics.Contains("\ntelemetry_e2e_latency_seconds_count", StringComparison.Ordinal));

        platform.Terminate();
        (await platform.WaitAsync()).ShouldBe(0, platform.Errors);
        return metrics;
    }

    [GeneratedRegex(@"^# TYPE (\S+) (\S+)$", RegexOptions.Multiline)]
    private static partial Regex Declared();

    [GeneratedRegex(@"\btelemetry_(edge|bridge|processing|storage|query|simulator|pipeline|log|dead|streams|e2e|sparkplug|forward|sockets)_[a-z0-9_]+\b")]
    private static partial Regex Name();

    [GeneratedRegex(@"^([a-z]\w*)\{(.*)\} ", RegexOptions.Multiline)]
    private static partial Regex Series();

    [GeneratedRegex(@"(\w+)=""")]
    private static partial Regex Label();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
