using System.Collections.Concurrent;
using Microsoft.Playwright;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>What once went wrong: a picture that was not of what its title said, links that led nowhere, streams that stayed away.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ConsoleFaultTests(ConsoleStage stage) : IClassFixture<ConsoleStage>
{
    [Fact]
    public async Task Slow_answer_never_leaves_the_line_before_under_the_new_name()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=1h");
        await page.ShowsAsync("press-01/temperature");
        var gate = new TaskCompletionSource();
        await page.RouteAsync("**/api/v1/query", async route =>
        {
            if (route.Request.PostData!.Contains("press-02", StringComparison.Ordinal))
            {
                await gate.Task;
            }

            await route.ContinueAsync();
        });

        await BrowserStage.FollowAsync(page, "/explore?s=press-02/temperature&range=1h");
        await Expect(page.Locator("#title")).ToHaveTextAsync("temperature · press-02");
        await page.ShowsAsync([]);
        await Expect(page.Locator(".note")).ToHaveTextAsync("Loading …");
        (await page.Locator(".plot canvas").CountAsync()).ShouldBe(0);

        gate.SetResult();
        await page.ShowsAsync("press-02/temperature");
    }

    [Fact]
    public async Task Failed_answer_is_told_and_asked_for_again()
    {
        var page = await stage.OpenAsync("");
        var failures = 0;
        await page.RouteAsync("**/api/v1/query", async route =>
        {
            if (route.Request.PostData!.Contains("press-02", StringComparison.Ordinal) && Interlocked.Increment(ref failures) <= 1)
            {
                await route.AbortAsync();
                return;
            }

            await route.ContinueAsync();
        });
        await stage.ShowAsync(page, "/explore?s=press-01/temperature&range=1h");
        await page.ShowsAsync("press-01/temperature");

        await BrowserStage.FollowAsync(page, "/explore?s=press-02/temperature&range=1h");
        await Expect(page.Locator(".note")).ToContainTextAsync("The server does not answer.");
        await page.ShowsAsync("press-02/temperature");
        await Expect(page.Locator(".note")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task All_series_come_in_one_answer_and_an_old_question_is_given_up()
    {
        var page = await stage.OpenAsync("");
        var asked = new ConcurrentQueue<string>();
        var gate = new TaskCompletionSource();
        var failed = new TaskCompletionSource<string>();
        page.RequestFailed += (_, request) =>
        {
            if (request.Url.EndsWith("/api/v1/query", StringComparison.Ordinal))
            {
                failed.TrySetResult(request.PostData!);
            }
        };
        await page.RouteAsync("**/api/v1/query", async route =>
        {
            asked.Enqueue(route.Request.PostData!);
            if (asked.Count == 1)
            {
                await gate.Task;
            }

            await route.ContinueAsync();
        });
        await stage.ShowAsync(page, "/explore?s=press-01/temperature&s=press-02/temperature&s=press-01/pressure&range=7d");
        await Expect(page.Locator(".note")).ToHaveTextAsync("Loading …");
        await page.Keyboard.PressAsync("3");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature", "press-01/pressure");
        gate.SetResult();

        (await failed.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken)).ShouldBe(asked.First(), "the question of the range before");
        asked.Take(2).ShouldAllBe(body => body.Contains("press-01", StringComparison.Ordinal) && body.Contains("press-02", StringComparison.Ordinal) && body.Contains("pressure", StringComparison.Ordinal));
        await page.ClickAsync("#statistics-toggle");
        await Expect(page.Locator("[data-statistics]")).ToHaveCountAsync(3);
    }

    [Fact]
    public async Task Series_that_fails_is_told_and_hides_no_neighbour()
    {
        var page = await stage.OpenAsync("");
        await page.RouteAsync("**/api/v1/query", async route =>
        {
            if (route.Request.PostData!.Contains("press-02", StringComparison.Ordinal))
            {
                await route.FulfillAsync(new() { Status = 422, ContentType = "application/problem+json", Body = """{"title": "Too large", "detail": "It needs more memory than there may be."}""" });
                return;
            }

            await route.ContinueAsync();
        });
        await stage.ShowAsync(page, "/explore?s=press-01/temperature&s=press-02/temperature&s=press-01/pressure&range=1h");

        await page.ShowsAsync("press-01/temperature", "press-01/pressure");
        await Expect(page.Locator("[data-line='press-02/temperature']")).ToContainTextAsync("It needs more memory than there may be.");
        await Expect(page.Locator("[data-line='press-02/temperature']")).ToHaveAttributeAsync("data-state", "failed");
        await Expect(page.Locator("[data-line='press-01/pressure']")).ToHaveAttributeAsync("data-state", "ready");
        await Expect(page.Locator(".note")).ToContainTextAsync("It needs more memory than there may be.");
    }

    [Fact]
    public async Task Device_that_is_silent_is_told_while_the_pipeline_is_fresh()
    {
        await stage.StoredAsync(TimeSpan.Zero);
        var page = await stage.OpenAsync("/explore?s=pump-9/temperature&range=6h");

        await Expect(page.Locator("#fresh")).ToHaveTextAsync("pump-9: last reading 2 h ago");
        await Expect(page.Locator("#fresh")).ToHaveAttributeAsync("data-state", "red");
        await Expect(page.Locator("[data-line='pump-9/temperature'] .silent")).ToContainTextAsync("silent for");
        await BrowserStage.FollowAsync(page, "/pipeline");
        await stage.StoredAsync(TimeSpan.Zero);
        await Expect(page.Locator("#fresh")).ToHaveTextAsync("Data is fresh");
        await stage.StoredAsync(TimeSpan.FromMinutes(5));
    }

    [Fact]
    public async Task Back_goes_through_the_pages_of_the_console()
    {
        var page = await stage.OpenAsync("/plant");
        await page.ClickAsync("header nav >> text=Devices");
        await page.FillAsync("#search", "press-02");
        await page.ClickAsync("#devices a >> text=press-02");
        await Expect(page.Locator("h1")).ToHaveTextAsync("press-02");

        await page.GoBackAsync();
        await Expect(page.Locator("#search")).ToHaveValueAsync("press-02");
        await page.GoBackAsync();
        await Expect(page.Locator("#alarms, .plant")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("/explore?s=nobody/nothing", ".note", "There is no device nobody.", 200)]
    [InlineData("/explore?s=press-01/nothing", ".note", "press-01 has no sensor nothing.", 200)]
    [InlineData("/devices/nobody", "h1", "There is no device nobody", 200)]
    [InlineData("/nowhere", "h1", "There is no page /nowhere", 404)]
    public async Task Dead_link_says_so(string address, string where, string text, int status)
    {
        var page = await stage.OpenAsync("");
        var response = await stage.ShowAsync(page, address);

        response!.Status.ShouldBe(status);
        await Expect(page.Locator(where)).ToContainTextAsync(text);
    }

    [Fact]
    public async Task Link_of_an_earlier_version_shows_the_same()
    {
        var page = await stage.OpenAsync("/#device=press-01&sensor=temperature&with=pressure&range=1h");

        await page.ShowsAsync("press-01/temperature", "press-01/pressure");
        page.Url.ShouldEndWith("/explore?range=1h&s=press-01/temperature&s=press-01/pressure");
    }

    [Fact]
    public async Task Link_that_skips_to_the_content_leaves_the_view_as_it_is()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=1h");
        await page.ShowsAsync("press-01/temperature");
        var before = page.Url;

        await page.FocusAsync(".skip");
        await page.Keyboard.PressAsync("Enter");

        await Expect(page.Locator("#main")).ToBeFocusedAsync();
        page.Url.ShouldBe(before);
        await page.ShowsAsync("press-01/temperature");
    }

    [Fact]
    public async Task Live_reading_arrives_without_a_reload()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=5m");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "raw");
        await FeedAsync(page, 123.25);

        await Expect(page.Locator("[data-line='press-01/temperature'] b")).ToHaveTextAsync("123.25");
        await Expect(page.Locator("#fresh")).ToHaveTextAsync("press-01 is live");
    }

    [Fact]
    public async Task Stream_answered_503_comes_back_by_itself()
    {
        var page = await stage.OpenAsync("");
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
        await stage.ShowAsync(page, "/explore?s=press-01/temperature&range=5m");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "raw");

        await FeedAsync(page, 321.5);
        refused.ShouldBeGreaterThan(2);
    }

    /// <summary>Whether the stream is open already the page cannot tell; a reading a turn until one has come.</summary>
    private async Task FeedAsync(IPage page, double value)
    {
        for (var turn = 0; turn < 2000 && await page.GetAttributeAsync(".plot", "data-live") is "0"; turn++)
        {
            stage.Log.Readings("press-01", "temperature", (BrowserStage.Now(), value));
            await page.EvaluateAsync("() => new Promise(done => requestAnimationFrame(done))");
        }

        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-live", Pages.Many());
    }
}
