using System.Text.Json;
using System.Text.RegularExpressions;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Deploy;

/// <summary>The dashboard of plant data: every query of it, run against the engine with the schema of the platform.</summary>
[Collection(EngineFixture.Collection)]
public sealed partial class PlantDashboardTests(QueryStore store) : IClassFixture<QueryStore>
{
    private static string Folder => Path.Combine(Repository.Root, "deploy", "grafana");

    public static TheoryData<string, string> Queries()
    {
        using var dashboard = JsonDocument.Parse(File.ReadAllText(Path.Combine(Folder, "dashboards", "plant.json")));
        var root = dashboard.RootElement;
        var data = new TheoryData<string, string>();
        foreach (var variable in root.GetProperty("templating").GetProperty("list").EnumerateArray())
        {
            data.Add("variable " + variable.GetProperty("name").GetString(), variable.GetProperty("query").GetString()!);
        }

        foreach (var annotation in root.GetProperty("annotations").GetProperty("list").EnumerateArray())
        {
            data.Add("annotation " + annotation.GetProperty("name").GetString(), annotation.GetProperty("target").GetProperty("rawSql").GetString()!);
        }

        foreach (var panel in root.GetProperty("panels").EnumerateArray())
        {
            data.Add("panel " + panel.GetProperty("title").GetString(), panel.GetProperty("targets")[0].GetProperty("rawSql").GetString()!);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Every_query_runs(string name, string sql)
    {
        var rows = await store.ClickHouse.QueryRowsAsync(Filled(sql), null, QueryStore.Token);
        if (name.StartsWith("panel temp", StringComparison.Ordinal) || name is "panel $sensor" or "panel Newest values" or "panel Devices" or "panel Readings" or "variable sensor")
        {
            rows.ShouldNotBeEmpty(name);
        }
    }

    [Fact]
    public void Dashboard_asks_the_source_that_is_provisioned_and_nothing_is_left_unfilled()
    {
        File.ReadAllText(Path.Combine(Folder, "provisioning", "datasources", "clickhouse.yml")).ShouldContain("uid: telemetry-clickhouse");
        var text = File.ReadAllText(Path.Combine(Folder, "dashboards", "plant.json"));
        Sources().Matches(text).Select(m => m.Groups[1].Value).Distinct().ShouldBe(["telemetry-clickhouse"]);
        Queries().Select(q => Filled(q.Data.Item2)).ShouldAllBe(sql => !sql.Contains('$'));
    }

    /// <summary>As Grafana and the data source fill it in.</summary>
    private static string Filled(string sql) => TimeInterval().Replace(
        TimeFilter().Replace(sql, "$1 >= now64(6) - INTERVAL 60 DAY AND $1 <= now64(6)"), "toStartOfInterval(toDateTime($1), INTERVAL 60 second)")
        .Replace("${device:singlequote}", "'press-07','press-08'", StringComparison.Ordinal)
        .Replace("${site:singlequote}", "'graz'", StringComparison.Ordinal)
        .Replace("${line:singlequote}", "'line-3'", StringComparison.Ordinal)
        .Replace("${sensor}", "temperature", StringComparison.Ordinal);

    [GeneratedRegex(@"\$__timeFilter\((\w+)\)")]
    private static partial Regex TimeFilter();

    [GeneratedRegex(@"\$__timeInterval\((\w+)\)")]
    private static partial Regex TimeInterval();

    [GeneratedRegex("\"uid\": \"(telemetry-(?!plant)[a-z]+)\"")]
    private static partial Regex Sources();
}
