using System.Text.Json;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>The dashboard as Grafana provisions it. That its metrics exist is held by the integration tests, on a running process.</summary>
public sealed class DashboardTests
{
    [Fact]
    public void Panels_ask_the_provisioned_datasource_do_not_overlap_and_have_ids_of_their_own()
    {
        var uid = Yaml.File("deploy", "grafana", "provisioning", "datasources", "prometheus.yml").Items("datasources").Single().Text("uid");
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Repository.Root, "deploy", "grafana", "dashboards", "pipeline.json")));
        var panels = dashboard.RootElement.GetProperty("panels").EnumerateArray().ToList();
        var cells = new HashSet<(int X, int Y)>();

        panels.Select(p => p.GetProperty("id").GetInt32()).ShouldBeUnique();
        foreach (var panel in panels)
        {
            var position = panel.GetProperty("gridPos");
            for (var x = 0; x < position.GetProperty("w").GetInt32(); x++)
            {
                for (var y = 0; y < position.GetProperty("h").GetInt32(); y++)
                {
                    cells.Add((position.GetProperty("x").GetInt32() + x, position.GetProperty("y").GetInt32() + y)).ShouldBeTrue(panel.GetProperty("title").GetString());
                }
            }

            if (panel.GetProperty("type").GetString() != "row")
            {
                panel.GetProperty("targets").GetArrayLength().ShouldBeGreaterThan(0);
                panel.GetProperty("targets").EnumerateArray().ShouldAllBe(t => t.GetProperty("datasource").GetProperty("uid").GetString() == uid);
            }
        }

        cells.Max(c => c.X).ShouldBeLessThan(24);
    }

    [Fact]
    public void Provisioning_points_to_where_compose_mounts_the_dashboards()
    {
        var path = Yaml.File("deploy", "grafana", "provisioning", "dashboards", "telemetry.yml").Items("providers").Single().Text("options", "path");
        var grafana = Yaml.Documents(DeployTool.ResolveCompose("cluster")).Single().At("services", "grafana");

        grafana.Items("volumes").Select(v => v.Text("target")).ShouldContain(path);
    }
}
