using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>Prometheus' own checker over the configuration and the alerts with their tests.</summary>
public sealed class PrometheusRulesTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "deploy", "prometheus");

    /// <summary>With the secret where it is looked for: promtool wants to see the file.</summary>
    [Fact]
    public void Configuration_is_valid()
    {
        const string Secret = "/run/secrets/metrics-token";
        var promtool = DeployTool.Promtool();
        var folder = Directory.CreateTempSubdirectory("telemetry-prometheus-");
        try
        {
            var token = Path.Combine(folder.FullName, "metrics-token");
            File.WriteAllText(token, "secret");
            foreach (var file in Directory.GetFiles(Folder, "*.yml"))
            {
                File.WriteAllText(Path.Combine(folder.FullName, Path.GetFileName(file)), File.ReadAllText(file).Replace(Secret, token, StringComparison.Ordinal));
            }

            DeployTool.Succeed(promtool, "check", "config", Path.Combine(folder.FullName, "prometheus.yml")).ShouldContain("SUCCESS");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public void Alerts_fire_when_they_should_and_not_before() =>
        DeployTool.Succeed(DeployTool.Promtool(), "test", "rules", Path.Combine(Folder, "alerts.test.yml")).ShouldContain("SUCCESS");

    [Fact]
    public void Every_alert_says_how_bad_it_is_and_what_to_do()
    {
        var rules = Yaml.File("deploy", "prometheus", "alerts.yml").Items("groups").SelectMany(g => g.Items("rules")).ToList();

        rules.Count.ShouldBeGreaterThan(10);
        rules.Select(r => r.Text("alert")).ShouldBeUnique();
        rules.ShouldAllBe(r => r.Text("labels", "severity") == "warning" || r.Text("labels", "severity") == "critical");
        rules.ShouldAllBe(r => r.Text("annotations", "summary").Length > 0 && r.Text("annotations", "description").Length > 0);
    }

    [Fact]
    public void Every_service_of_ours_that_stays_is_scraped()
    {
        var job = Yaml.File("deploy", "prometheus", "prometheus.yml").Items("scrape_configs").Single(s => s.Text("job_name") == "telemetry");
        var names = job.Items("dns_sd_configs").Single().Items("names").Select(n => n.ToString());
        var ours = Yaml.Documents(DeployTool.ResolveCompose("cluster")).Single().Pairs("services")
            .Where(s => s.Value.Text("image").StartsWith("telemetry:", StringComparison.Ordinal) && s.Value.Text("restart") != "no")
            .Select(s => s.Key);

        names.ShouldBe(ours, ignoreOrder: true);
    }
}
