using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>Dashboards out of files and out of addresses.</summary>
[Collection(EngineFixture.Collection)]
public sealed class DashboardTests(ConsoleStage stage) : IClassFixture<ConsoleStage>
{
    private const string Line =
        """
        {
          // comments are allowed
          "title": "Line 3", "range": "1h",
          "panels": [
            {"type": "chart", "title": "Both", "series": ["press-01/temperature", "press-02/temperature"], "x": 0, "y": 0, "w": 8, "h": 4},
            {"type": "value", "title": "Silent", "series": ["pump-9/temperature"], "x": 8, "y": 0, "w": 4, "h": 2},
            {"type": "bar", "title": "Bars", "series": ["press-01/pressure", "press-02/pressure"], "x": 8, "y": 2, "w": 4, "h": 2},
            {"type": "states", "title": "Vibration", "series": ["press-02/vibration"], "x": 0, "y": 4, "w": 12, "h": 2}
          ]
        }
        """;

    [Fact]
    public async Task Dashboard_of_a_file_is_listed_and_shows_its_panels()
    {
        stage.WriteDashboard("line-3", Line);
        var page = await stage.OpenAsync("/dashboards");
        await page.ClickAsync("#dashboards a >> text=Line 3");

        await Expect(page.Locator("#title")).ToHaveTextAsync("Line 3");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature");
        await Expect(page.Locator("[data-panel=value]")).ToContainTextAsync("h ago");
        await Expect(page.Locator("[data-panel=bar] tr")).ToHaveCountAsync(2);
        await Expect(page.Locator("[data-panel=states] i").First).ToBeAttachedAsync();
        stage.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Changed_dashboard_is_in_its_address_and_what_is_wrong_is_told_with_its_place()
    {
        stage.WriteDashboard("line-4", Line);
        var page = await stage.OpenAsync("/dashboards/line-4");
        await page.ClickAsync("#edit-dashboard");
        await page.FillAsync("#json", """{"title": "Mine", "panels": [{"type": "value", "series": ["press-01/pressure"]}]}""");
        await page.ClickAsync("form button[type=submit]");
        await Expect(page.Locator("#title")).ToHaveTextAsync("Mine");

        var other = await stage.OpenAsync(new Uri(page.Url).PathAndQuery);
        await Expect(other.Locator("[data-panel=value] b")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^4"));
        await other.ClickAsync("#edit-dashboard");
        await other.FillAsync("#json", """{"panels": [{"type": "gauge"}]}""");
        await other.ClickAsync("form button[type=submit]");
        await Expect(other.Locator("[role=alert]")).ToContainTextAsync("panels[0].type");
    }

    [Fact]
    public async Task File_that_is_no_dashboard_and_a_name_that_is_not_there_are_told()
    {
        stage.WriteDashboard("broken", "{");
        Assert.SkipWhen(BrowserStage.Missing is not null, BrowserStage.Missing ?? "");

        (await stage.Client.GetProblemAsync("/api/v1/dashboards/broken", 422)).GetProperty("detail").GetString()!.ShouldContain("broken.json");
        (await stage.Client.GetProblemAsync("/api/v1/dashboards/..%2Fsecrets", 404)).GetProperty("detail").GetString()!.ShouldContain("secrets");
        (await stage.Client.GetJsonAsync("/api/v1/dashboards")).GetProperty("dashboards").EnumerateArray().Select(d => d.GetProperty("name").GetString()).ShouldContain("broken");
    }
}
