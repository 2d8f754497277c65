using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

[Collection(EngineFixture.Collection)]
public sealed partial class ConsoleTests(ConsoleStage stage) : IClassFixture<ConsoleStage>
{
    [Fact]
    public async Task Picked_device_shows_its_sensors_and_draws_its_chart()
    {
        var page = await stage.OpenAsync("");
        var errors = new List<string>();
        page.PageError += (_, error) => errors.Add(error);

        await page.ClickAsync("[data-device='press-02']");
        await page.ClickAsync("[data-sensor='temperature']");

        await Expect(page.Locator("#title")).ToHaveTextAsync("temperature");
        await Expect(page.Locator("#subtitle")).ToHaveTextAsync("press-02");
        await Expect(page.Locator("#plot canvas")).ToBeVisibleAsync();
        await Expect(page.Locator("#plot")).ToHaveAttributeAsync("data-points", Many());
        page.Url.ShouldContain("device=press-02&sensor=temperature");
        errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Chart_has_ink_where_the_line_is()
    {
        var page = await stage.OpenAsync("#device=press-01&sensor=temperature&range=24h");
        await Expect(page.Locator("#plot")).ToHaveAttributeAsync("data-points", Many());

        // Colours of the line: blue well above red, in the dark and in the light theme.
        var ink = await page.EvaluateAsync<int>(
            """
            () => { const c = document.querySelector("#plot canvas"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
                    let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200 && d[i + 2] - d[i] > 100) n++; return n; }
            """);

        ink.ShouldBeGreaterThan(500);
    }

    [Fact]
    public async Task Zooming_in_switches_from_rollup_to_raw_and_live_brings_it_back()
    {
        var page = await stage.OpenAsync("#device=press-01&sensor=temperature&range=24h");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "1m");

        var box = (await page.Locator("#plot .u-over").BoundingBoxAsync())!;
        await DragAsync(page, box.X + (box.Width * 0.5f), box.X + (box.Width * 0.52f), box.Y + (box.Height / 2));

        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "raw");
        await Expect(page.Locator("#source")).ToHaveTextAsync("raw readings");
        page.Url.ShouldContain("from=");
        await page.ClickAsync("#ranges >> text=24h");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "1m");
    }

    [Fact]
    public async Task Anomalies_are_listed_and_a_click_shows_the_place_with_its_reason()
    {
        var page = await stage.OpenAsync("#device=press-01&sensor=temperature&range=24h");
        await Expect(page.Locator("#anomalies tbody tr")).ToHaveCountAsync(3);
        await Expect(page.Locator("#anomalies .kind").First).ToHaveTextAsync("spike");

        await page.Locator("#anomalies tbody tr").First.ClickAsync();
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "raw");
        await Expect(page.Locator("#anomalies tbody tr")).ToHaveCountAsync(1);
        var box = (await page.Locator("#plot .u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (box.Width / 2), box.Y + (box.Height / 2));

        await Expect(page.Locator("#tip")).ToContainTextAsync("far above the usual");
        var from = long.Parse(FromPattern().Match(page.Url).Groups[1].Value, CultureInfo.InvariantCulture);
        from.ShouldBeInRange((stage.AnomalyTime / 1000) - 120_001, (stage.AnomalyTime / 1000) - 119_999);
    }

    [Fact]
    public async Task Live_reading_arrives_in_chart_and_list_without_a_reload()
    {
        var page = await stage.OpenAsync("#device=press-01&sensor=temperature&range=5m");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "raw");
        // Whether the stream is open already the page cannot tell; a reading a turn until one has come.
        for (var turn = 0; turn < 200 && await page.GetAttributeAsync("html", "data-live") is null; turn++)
        {
            stage.Log.Readings("press-01", "temperature", (ConsoleStage.Now(), 123.25));
            await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(done))");
        }

        await Expect(page.Locator("[data-sensor='temperature'] b")).ToHaveTextAsync("123.25", new() { Timeout = 20_000 });
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-live", Many());
    }

    [Fact]
    public async Task Stream_answered_503_comes_back_by_itself()
    {
        var page = await stage.OpenAsync("about:blank");
        var refused = 0;
        await page.RouteAsync("**/api/v1/live*", async route =>
        {
            if (Interlocked.Increment(ref refused) <= 2)
            {
                await route.FulfillAsync(new() { Status = 503, ContentType = "application/problem+json", Body = "{}" });
                return;
            }

            await route.ContinueAsync();
        });
        await stage.ShowAsync(page, "#device=press-01&sensor=temperature&range=5m");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "raw");

        for (var turn = 0; turn < 2000 && await page.GetAttributeAsync("html", "data-live") is null; turn++)
        {
            stage.Log.Readings("press-01", "temperature", (ConsoleStage.Now(), 321.5));
            await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(done))");
        }

        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-live", Many());
        refused.ShouldBeGreaterThan(2);
    }

    [Fact]
    public async Task Health_strip_is_filled_and_stale_data_looks_stale()
    {
        await stage.StoredAsync(TimeSpan.FromMinutes(5));
        var page = await stage.OpenAsync("#device=press-01&sensor=temperature&range=1h");

        await Expect(page.Locator("#h-in dd")).ToHaveTextAsync("2,800");
        await Expect(page.Locator("#h-e2e dd")).ToHaveTextAsync("148 ms / 219 ms");
        await Expect(page.Locator("#h-dead dd")).ToHaveTextAsync("3");
        await Expect(page.Locator("#fresh")).ToHaveAttributeAsync("data-state", "red");
        await Expect(page.Locator("#fresh")).ToContainTextAsync("old");
        await stage.StoredAsync(TimeSpan.Zero);
        await Expect(page.Locator("#fresh")).ToHaveAttributeAsync("data-state", "green");
    }

    [Fact]
    public async Task Keys_change_range_and_theme_button_changes_colours()
    {
        var page = await stage.OpenAsync("#device=press-01&sensor=temperature&range=1h");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", Many(any: true));
        var before = await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

        await page.Keyboard.PressAsync("3");
        await Expect(page.Locator("#ranges [aria-pressed=true]")).ToHaveTextAsync("24h");
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#search")).ToBeFocusedAsync();
        await page.ClickAsync("#theme");

        (await page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor")).ShouldNotBe(before);
    }

    private static async Task DragAsync(IPage page, float from, float to, float y)
    {
        await page.Mouse.MoveAsync(from, y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync((from + to) / 2, y);
        await page.Mouse.MoveAsync(to, y);
        await page.Mouse.UpAsync();
    }

    private static Regex Many(bool any = false) => any ? AnyPattern() : ManyPattern();

    [GeneratedRegex("^[1-9][0-9]*$")]
    private static partial Regex ManyPattern();

    [GeneratedRegex(".+")]
    private static partial Regex AnyPattern();

    [GeneratedRegex("from=([0-9]+)")]
    private static partial Regex FromPattern();
}
