using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>The table of all devices, and the page of one.</summary>
[Collection(EngineFixture.Collection)]
public sealed class DevicesPageTests(ConsoleStage stage) : IClassFixture<ConsoleStage>
{
    [Fact]
    public async Task Ten_thousand_devices_are_scrolled_to_the_end_with_few_rows_in_the_page()
    {
        var page = await stage.OpenAsync("/devices?q=fleet");
        await Expect(page.Locator("h1")).ToContainTextAsync("10,000 of");
        (await page.Locator("#devices tbody tr").CountAsync()).ShouldBeLessThan(80);

        await page.EvaluateAsync("() => { const box = document.querySelector('.virtual'); box.scrollTop = box.scrollHeight; }");
        await Expect(page.Locator($"[data-device='fleet-{ConsoleStage.Fleet - 1:D5}']")).ToBeVisibleAsync();
        await Expect(page.Locator($"[data-device='fleet-{ConsoleStage.Fleet - 1:D5}'] .value b")).ToHaveTextAsync("9,999");
        (await page.Locator("#devices tbody tr").CountAsync()).ShouldBeLessThan(80);
    }

    [Fact]
    public async Task Table_is_sorted_and_filtered_and_the_address_keeps_it()
    {
        var page = await stage.OpenAsync("/devices");
        await page.SelectOptionAsync("#status", "silent");
        await Expect(page.Locator("h1")).ToHaveTextAsync(new Regex(@"^4 of 10,008 devices$"));
        await Expect(page.Locator("[data-device='pump-9']")).ToContainTextAsync("silent");
        page.Url.ShouldContain("status=silent");

        await page.ReloadAsync();
        await Expect(page.Locator("#devices tbody tr")).ToHaveCountAsync(4);
        await page.ClickAsync("text=Clear");
        await page.ClickAsync("#devices th >> text=Last reading");
        await page.ClickAsync("#devices th >> text=Last reading");
        await Expect(page.Locator("#devices tbody tr").First).ToHaveAttributeAsync("data-device", "press-08");
        page.Url.ShouldContain("sort=-seen");
    }

    [Fact]
    public async Task Page_of_a_device_has_its_values_chart_incidents_and_quality()
    {
        var page = await stage.OpenAsync("/devices/press-02?range=15m");
        await Expect(page.Locator("#values tbody tr")).ToHaveCountAsync(3);
        await page.ShowsAsync("press-02/pressure");
        await page.ClickAsync("[data-sensor='vibration'] button");

        await page.ShowsAsync("press-02/pressure", "press-02/vibration");
        await Expect(page.Locator("#quality")).ToContainTextAsync("5 uncertain, 5 bad");
        await BrowserStage.FollowAsync(page, "/devices/press-01?range=6h");
        await Expect(page.Locator("#happened tr[data-what=incident]")).ToHaveCountAsync(3);
        await Expect(page.Locator("#values [data-sensor='vibration']")).ToHaveCountAsync(0);
        await page.Locator("#happened a").First.ClickAsync();
        await Expect(page.Locator("#source")).ToHaveTextAsync("raw readings");
        var (from, to) = await page.WindowAsync();
        (to - from).ShouldBe(240_000);
        ((stage.IncidentTime / 1000) - from).ToString(CultureInfo.InvariantCulture).ShouldBe("120000");
    }
}
