using System.Text.Json;
using Microsoft.Playwright;
using Telemetry.Contracts.V1;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>Every page, in both themes and on a phone: axe finds nothing, nothing is wider than the screen, fingers move the chart.</summary>
[Collection(EngineFixture.Collection)]
public sealed class AccessibilityTests(PlantStage stage) : IClassFixture<PlantStage>
{
    public static readonly TheoryData<string, string> Addresses = new()
    {
        { "/plant", "#alarms" },
        { "/explore", ".start button" },
        { "/explore?s=press-01/oil&range=1h", "#legend" },
        { "/devices", "#devices .value" },
        { "/devices/press-01", "#values .spark path" },
        { "/catalogue", "#new-pattern" },
        { "/pipeline", "#topics" },
        { "/dashboards", "#new-dashboard" },
        { "/nowhere", "h1" },
    };

    private const string Letter =
        """{"id": "2-17", "refused": "2026-11-30T06:00:00Z", "stage": "bridge", "cause": "not-json", "detail": "it ends early", "source": "telemetry/v1/press-07-of-the-third-line/readings", "client": "press-07", "resolution": null}""";

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Axe_finds_nothing_in_either_theme(string address, string ready)
    {
        stage.Raise("press-01", "hot", AlarmPriority.Critical, "oil 91.5, above 90");
        var axe = await AxeAsync();
        foreach (var scheme in (ColorScheme[])[ColorScheme.Dark, ColorScheme.Light])
        {
            var page = await stage.OpenAsync(address, new() { ViewportSize = new ViewportSize { Width = 1280, Height = 800 }, ColorScheme = scheme });
            await Expect(page.Locator(ready).First).ToBeVisibleAsync();
            await page.EvaluateAsync(axe);

            var found = JsonDocument.Parse(await page.EvaluateAsync<string>("() => axe.run().then(found => JSON.stringify(found.violations))")).RootElement;
            found.EnumerateArray().Select(Told).ShouldBeEmpty($"{address}, {scheme}");
            await page.CloseAsync();
        }
    }

    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Nothing_is_wider_than_a_phone(string address, string ready)
    {
        stage.Raise("press-01", "hot", AlarmPriority.Critical, "oil 91.5, above 90");
        foreach (var width in (int[])[390, 360])
        {
            var page = await stage.OpenAsync(address, Phone(width));
            await Expect(page.Locator(ready).First).ToBeAttachedAsync();

            (await page.EvaluateAsync<int>("() => document.scrollingElement.scrollWidth")).ShouldBeLessThanOrEqualTo(width);
            (await page.EvaluateAsync<int>("() => document.scrollingElement.clientWidth")).ShouldBe(width);
            await page.CloseAsync();
        }
    }

    /// <summary>Not the page, and no table in it: what is to the right of a table's edge is found by nobody.</summary>
    [Theory]
    [MemberData(nameof(Addresses))]
    public async Task Nothing_scrolls_sideways_on_a_small_laptop(string address, string ready)
    {
        stage.Raise("press-01", "hot", AlarmPriority.Critical, "oil 91.5, above 90");
        var page = await stage.OpenAsync("", new() { ViewportSize = new ViewportSize { Width = 1280, Height = 720 } });
        await page.RouteAsync("**/api/v1/dead-letters?*", route => route.FulfillAsync(new() { ContentType = "application/json", Body = $$"""{"letters": [{{Letter}}], "matching": 1, "open": 1}""" }));
        await stage.ShowAsync(page, address);
        await Expect(page.Locator(ready).First).ToBeVisibleAsync();
        if (address == "/pipeline")
        {
            await Expect(page.Locator("[data-letter]")).ToBeVisibleAsync();
            await Expect(page.Locator("#size tbody tr").First).ToBeVisibleAsync();
            await Expect(page.Locator("#horizon tbody tr").First).ToBeVisibleAsync();
        }

        (await page.EvaluateAsync<string[]>(
            """
            () => [document.scrollingElement, ...document.querySelectorAll(".scroll, .rows")].filter(box => box.scrollWidth > box.clientWidth)
              .map(box => `${box.getAttribute("aria-label") ?? box.tagName}: ${box.scrollWidth} in ${box.clientWidth}`)
            """)).ShouldBeEmpty();
        await page.CloseAsync();
    }

    [Fact]
    public async Task Two_fingers_zoom_and_one_moves()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/oil&range=1h", Phone());
        await page.ShowsAsync("press-01/oil");
        var box = (await page.Locator(".u-over").BoundingBoxAsync())!;
        var before = await page.WindowAsync();
        var touch = await page.Context.NewCDPSessionAsync(page);
        double x = box.X, y = box.Y + (box.Height / 2), width = box.Width;

        await TouchAsync(touch, "touchStart", (x + (width * 0.4), y), (x + (width * 0.6), y));
        await TouchAsync(touch, "touchMove", (x + (width * 0.3), y), (x + (width * 0.7), y));
        await TouchAsync(touch, "touchMove", (x + (width * 0.2), y), (x + (width * 0.8), y));
        await TouchAsync(touch, "touchEnd");
        await Expect(page).ToHaveURLAsync(new System.Text.RegularExpressions.Regex("from="));
        var zoomed = await page.WindowAsync();
        ((double)(zoomed.To - zoomed.From)).ShouldBeInRange((before.To - before.From) * 0.3, (before.To - before.From) * 0.37);

        // The chart is drawn anew while the finger is down, as when an answer comes: the gesture goes on.
        await TouchAsync(touch, "touchStart", (x + (width * 0.3), y));
        await page.EvaluateAsync("document.getElementById('theme').click()");
        await TouchAsync(touch, "touchMove", (x + (width * 0.5), y));
        await TouchAsync(touch, "touchMove", (x + (width * 0.8), y));
        await TouchAsync(touch, "touchEnd");
        await Expect(page.Locator(".plot")).Not.ToHaveAttributeAsync("data-window", $"{zoomed.From},{zoomed.To}");
        (await page.WindowAsync()).From.ShouldBeLessThan(zoomed.From, "dragging to the right shows what was before");
    }

    private static BrowserNewPageOptions Phone(int width = 390) => new()
    {
        ViewportSize = new ViewportSize { Width = width, Height = 844 }, HasTouch = true, IsMobile = true, DeviceScaleFactor = 2,
    };

    private static Task TouchAsync(ICDPSession session, string type, params (double X, double Y)[] points) => session.SendAsync(
        "Input.dispatchTouchEvent",
        new Dictionary<string, object> { ["type"] = type, ["touchPoints"] = points.Select((p, i) => new Dictionary<string, object> { ["x"] = p.X, ["y"] = p.Y, ["id"] = i }).ToArray() });

    private static string Told(JsonElement violation) => $"{violation.GetProperty("id").GetString()}: {string.Join("; ", violation.GetProperty("nodes").EnumerateArray().Take(3).Select(
        node => node.GetProperty("html").GetString() + " " + node.GetProperty("failureSummary").GetString()))}";

    private static async Task<string> AxeAsync()
    {
        Assert.SkipWhen(BrowserStage.Missing is not null, BrowserStage.Missing ?? "");
        var path = Path.Combine(BrowserStage.Dist!, "..", "node_modules", "axe-core", "axe.min.js");
        Assert.SkipWhen(!File.Exists(path), "axe-core is not installed (npm ci in storage/console).");
        return await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
    }
}
