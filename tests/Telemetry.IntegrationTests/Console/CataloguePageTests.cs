using System.Net.Http.Json;
using System.Text.Json;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>What the catalogue says stands beside the numbers, and engineers change it; dead letters are mended.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CataloguePageTests(PlantStage stage) : IClassFixture<PlantStage>
{
    [Fact]
    public async Task Unit_name_and_limits_of_the_catalogue_are_on_the_chart()
    {
        var page = await stage.OpenAsync("");
        await PutAsync("catalogue/devices/press-01/sensors/oil", new { displayName = "Oil temperature", unitCode = "Cel", hi = 65, hiHi = 80, decimals = 1 });
        await stage.ShowAsync(page, "/explore?s=press-01/oil&range=1h");

        await page.ShowsAsync("press-01/oil");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-axes", "in °C");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-limits", "2");
        await Expect(page.Locator("[data-line='press-01/oil']")).ToContainTextAsync("Oil temperature");
        await Expect(page.Locator("[data-line='press-01/oil'] td").Nth(1)).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^6\d\.\d °C$"));
    }

    [Fact]
    public async Task Entry_of_a_device_is_edited_and_places_make_a_tree()
    {
        var page = await stage.OpenAsync("/devices/press-01");
        await page.ClickAsync("#edit-entry");
        await page.FillAsync("[name=displayName]", "Press one");
        await page.FillAsync("[name=site]", "graz");
        await page.FillAsync("[name=line]", "line-3");
        await page.FillAsync("[name=tags]", "critical, owner=anna");
        await page.ClickAsync(".entry-form button[type=submit]");

        await Expect(page.Locator("#title")).ToHaveTextAsync("Press one");
        await Expect(page.Locator("#entry")).ToContainTextAsync("critical, owner=anna");
        (await stage.Client.GetJsonAsync("/api/v1/catalogue/devices/press-01")).GetProperty("edited").GetProperty("site").GetString().ShouldBe("graz");

        await BrowserStage.FollowAsync(page, "/devices");
        await page.ClickAsync(".tree >> text=graz");
        await Expect(page.Locator("#devices tbody tr")).ToHaveCountAsync(1);
        await Expect(page.Locator("[data-device='press-01']")).ToContainTextAsync("Press one");
        page.Url.ShouldContain("place=graz");
    }

    [Fact]
    public async Task Dead_letter_is_shown_mended_and_sent_again()
    {
        const string letter = """{"id": "2-17", "refused": "2026-11-30T06:00:00Z", "stage": "bridge", "cause": "not-json", "detail": "it ends early", "source": "telemetry/v1/press-07/readings", "client": "press-07", "resolution": null, "payload": "eyJhIjo=", "text": "from press-07"}""";
        var page = await stage.OpenAsync("");
        await page.RouteAsync("**/api/v1/dead-letters?*", route => route.FulfillAsync(new() { ContentType = "application/json", Body = $$"""{"letters": [{{letter}}], "matching": 1, "open": 1}""" }));
        await page.RouteAsync("**/api/v1/dead-letters/2-17", route => route.FulfillAsync(new() { ContentType = "application/json", Body = letter }));
        var sent = "";
        await page.RouteAsync("**/api/v1/dead-letters/2-17/replay", route =>
        {
            sent = route.Request.PostData!;
            return route.FulfillAsync(new() { ContentType = "application/json", Body = """{"id": "2-17", "outcome": "replayed", "detail": ""}""" });
        });
        await stage.ShowAsync(page, "/pipeline");
        await page.ClickAsync("[data-letter='2-17'] button");
        await Expect(page.Locator("[name=payload]")).ToHaveValueAsync("{\"a\":");
        await page.FillAsync("[name=payload]", """{"a": 1}""");
        await page.ClickAsync("text=Send again");

        await Expect(page.Locator("#letters [role=status]")).ToHaveTextAsync("replayed");
        JsonDocument.Parse(sent).RootElement.GetProperty("payload").GetBytesFromBase64().ShouldBe("""{"a": 1}"""u8.ToArray());
    }

    private async Task PutAsync(string path, object body)
    {
        using var answer = await stage.Client.PutAsJsonAsync(new Uri("/api/v1/" + path, UriKind.Relative), body, TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }
}
