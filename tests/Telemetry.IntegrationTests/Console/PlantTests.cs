using System.Text.RegularExpressions;
using Telemetry.Contracts.V1;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>What is wrong now, and what a person does about it.</summary>
[Collection(EngineFixture.Collection)]
public sealed class PlantTests(PlantStage stage) : IClassFixture<PlantStage>
{
    [Fact]
    public async Task Alarm_appears_by_itself_with_its_chart_and_counts_in_the_title()
    {
        var page = await stage.OpenAsync("/");
        await Expect(page.Locator("#title")).Not.ToHaveTextAsync("Plant");
        var id = stage.Raise("press-01", "live", AlarmPriority.Critical, "oil 91.5, above 90");

        var row = page.Locator($"[data-alarm='{id}']");
        await Expect(row).ToContainTextAsync("oil 91.5, above 90");
        await Expect(row.Locator(".priority")).ToHaveTextAsync("critical");
        await Expect(page).ToHaveTitleAsync(new Regex(@"^\([0-9]+\) Plant · Telemetry$"));
        await row.Locator(".what button").ClickAsync();
        await page.ShowsAsync("press-01/oil");
        await page.ClickAsync("#open-explore");
        await page.ShowsAsync("press-01/oil");
        page.Url.ShouldContain("/explore?");
        stage.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Several_alarms_are_acknowledged_at_once_with_a_comment()
    {
        var ids = Enumerable.Range(0, 3).Select(i => stage.Raise($"ack-{i}", "hot", AlarmPriority.High, "too hot")).ToList();
        var page = await stage.OpenAsync("/plant?q=ack-");
        await Expect(page.Locator("#alarms tbody tr")).ToHaveCountAsync(3);

        await page.CheckAsync("#all");
        await page.FillAsync("#comment", "seen on the round");
        await page.ClickAsync("#acknowledge");

        foreach (var id in ids)
        {
            await Expect(page.Locator($"[data-alarm='{id}']")).ToHaveAttributeAsync("data-status", "acknowledged-active");
            await Expect(page.Locator($"[data-alarm='{id}']")).ToContainTextAsync("seen on the round");
            (await stage.Client.GetJsonAsync($"/api/v1/alarms/{id}")).GetProperty("status").GetString().ShouldBe("acknowledged-active");
        }
    }

    [Fact]
    public async Task Shelved_alarm_is_put_aside_and_taken_back()
    {
        var id = stage.Raise("shelf-1", "hot", AlarmPriority.Medium, "too hot");
        var page = await stage.OpenAsync("/plant?q=shelf-");
        await page.CheckAsync($"[data-alarm='{id}'] input");
        await page.SelectOptionAsync("#shelve-for", "1h");
        await page.ClickAsync("#shelve");

        await Expect(page.Locator("#alarms")).ToHaveCountAsync(0);
        await page.ClickAsync("text=Put aside");
        await Expect(page.Locator($"[data-alarm='{id}']")).ToContainTextAsync("shelved");
        await page.CheckAsync($"[data-alarm='{id}'] input");
        await page.ClickAsync("#unshelve");
        await Expect(page.Locator("#alarms")).ToHaveCountAsync(0);
        await page.ClickAsync("text=Standing");
        await Expect(page.Locator($"[data-alarm='{id}']")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Unacknowledged_alarms_stand_first_then_those_of_higher_priority()
    {
        var low = stage.Raise("order-1", "hot", AlarmPriority.Low, "low");
        var high = stage.Raise("order-2", "hot", AlarmPriority.High, "high");
        var page = await stage.OpenAsync("/plant?q=order-");
        await Expect(page.Locator("#alarms tbody tr")).ToHaveCountAsync(2);
        await Expect(page.Locator("#alarms tbody tr").First).ToHaveAttributeAsync("data-alarm", high);

        await page.CheckAsync($"[data-alarm='{high}'] input");
        await page.ClickAsync("#acknowledge");
        await Expect(page.Locator("#alarms tbody tr").First).ToHaveAttributeAsync("data-alarm", low);
    }

    [Fact]
    public async Task What_the_server_refuses_is_told()
    {
        var id = stage.Raise("refuse-1", "hot", AlarmPriority.Low, "low");
        var page = await stage.OpenAsync("/plant?q=refuse-");
        await page.CheckAsync($"[data-alarm='{id}'] input");
        await page.RouteAsync("**/acknowledge", route => route.FulfillAsync(new()
        {
            Status = 409, ContentType = "application/problem+json", Body = """{"title": "The alarm does not allow it", "detail": "Somebody was faster."}""",
        }));
        await page.ClickAsync("#acknowledge");

        await Expect(page.Locator(".actions [role=alert]")).ToContainTextAsync("refuse-1 hot: Somebody was faster.");
    }
}
