using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>Series on one time axis: adding, zooming, ranges, zones, comparing, figures, export.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ExploreTests(ConsoleStage stage) : IClassFixture<ConsoleStage>
{
    private const string Two = "/explore?s=press-01/temperature&s=press-02/temperature";

    [Fact]
    public async Task Two_devices_and_two_sensors_share_the_time_and_each_kind_has_an_axis()
    {
        var page = await stage.OpenAsync(Two + "&s=press-01/pressure&range=1h");

        await page.ShowsAsync("press-01/temperature", "press-02/temperature", "press-01/pressure");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-axes", "temperature pressure");
        await Expect(page.Locator("#title")).ToHaveTextAsync("temperature, pressure · press-01, press-02");
        await Expect(page.Locator("#legend tbody tr")).ToHaveCountAsync(3);

        // Colours of the first line: blue well above red.
        var ink = await page.EvaluateAsync<int>(
            """
            () => { const c = document.querySelector(".plot canvas"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data;
                    let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200 && d[i + 2] - d[i] > 100) n++; return n; }
            """);
        ink.ShouldBeGreaterThan(300);
        stage.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Enter_adds_the_first_series_found_also_before_the_answer_is_there()
    {
        var page = await stage.OpenAsync("/explore");
        await page.FillAsync("#add", "press-02 temp");
        await page.Keyboard.PressAsync("Enter");

        await page.ShowsAsync("press-02/temperature");
        page.Url.ShouldContain("s=press-02/temperature");
        await page.FillAsync("#add", "press-01 pres");
        await Expect(page.Locator("#found li")).ToHaveCountAsync(1);
        await page.Keyboard.PressAsync("Enter");
        await page.ShowsAsync("press-02/temperature", "press-01/pressure");

        await page.ClickAsync("[aria-label='Remove press-02/temperature']");
        await page.ShowsAsync("press-01/pressure");
    }

    [Fact]
    public async Task Zooming_in_switches_from_rollup_to_readings_and_Back_brings_the_range_before()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=24h");
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "1m");
        await page.DragAsync(0.5f, 0.52f);

        await Expect(page.Locator("#source")).ToHaveTextAsync("raw readings");
        page.Url.ShouldContain("from=");
        await page.GoBackAsync();
        await Expect(page.Locator("#source")).ToHaveAttributeAsync("data-source", "1m");
        page.Url.ShouldContain("range=24h");
        await Expect(page.Locator("#title")).ToHaveTextAsync("temperature · press-01");
    }

    [Fact]
    public async Task Values_that_are_not_good_are_marked_and_gaps_and_incidents_are_drawn()
    {
        var page = await stage.OpenAsync("/explore?s=press-02/vibration&range=15m");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-poor", (ConsoleStage.VibrationCount / 10).ToString(CultureInfo.InvariantCulture));

        await BrowserStage.FollowAsync(page, "/explore?s=press-01/temperature&range=6h");
        await page.ShowsAsync("press-01/temperature");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-marks", "3");
        var (from, to) = await page.WindowAsync();
        var box = (await page.Locator(".u-over").BoundingBoxAsync())!;
        var share = ((stage.IncidentTime / 1000.0) - from) / (to - from);
        await page.Mouse.MoveAsync(box.X + (float)(box.Width * share), box.Y + (box.Height / 2));
        await Expect(page.Locator(".tip")).ToContainTextAsync("far above the usual");
    }

    [Theory]
    [InlineData("tiny-1/flux")]
    [InlineData("big-1/counter")]
    public async Task Labels_of_an_axis_differ_however_small_or_large_the_values_are(string series)
    {
        var page = await stage.OpenAsync($"/explore?s={series}&range=15m");
        await page.ShowsAsync(series);

        var labels = JsonSerializer.Deserialize<string[]>((await page.Locator(".plot").GetAttributeAsync("data-ticks"))!)!;
        labels.Length.ShouldBeGreaterThan(2);
        labels.Distinct().Count().ShouldBe(labels.Length, string.Join(" | ", labels));
    }

    [Fact]
    public async Task Range_of_the_calendar_and_a_typed_range_are_in_the_zone_that_is_shown()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=yesterday&tz=Asia/Tokyo");
        await page.ShowsAsync("press-01/temperature");
        var tokyo = TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo");
        var today = TimeZoneInfo.ConvertTime(DateTimeOffset.UtcNow, tokyo).Date;
        var midnight = new DateTimeOffset(today, tokyo.GetUtcOffset(today)).ToUnixTimeMilliseconds();

        (await page.WindowAsync()).ShouldBe((midnight - 86_400_000, midnight));
        await Expect(page.Locator("#zone")).ToHaveTextAsync("Asia/Tokyo · UTC+09:00");
        await Expect(page.Locator("#window")).ToContainTextAsync("Asia/Tokyo (UTC+09:00)");

        await page.ClickAsync("#calendar summary");
        var begin = today.AddHours(-3);
        await page.FillAsync("#from", begin.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await page.FillAsync("#to", today.ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture));
        await page.ClickAsync("#calendar button[type=submit]");
        await Expect(page).ToHaveURLAsync(new Regex($"from={midnight - 10_800_000}&to={midnight}"));
        (await page.WindowAsync()).ShouldBe((midnight - 10_800_000, midnight));
    }

    [Fact]
    public async Task Days_begin_at_midnight_of_the_zone()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=7d&step=1d&tz=America/New_York");
        await page.ShowsAsync("press-01/temperature");
        await Expect(page.Locator("#source")).ToContainTextAsync("1 d buckets");
        var download = await page.RunAndWaitForDownloadAsync(async () =>
        {
            await page.ClickAsync("#export summary");
            await page.ClickAsync("#export-shown");
        });

        var rows = await RowsAsync(download);
        rows.Count.ShouldBeInRange(2, 3, "a day of readings lies over two days of New York");
        rows.ShouldAllBe(row => row["time in America/New_York"].Contains("T00:00:00.000", StringComparison.Ordinal));
        rows.Sum(row => long.Parse(row["readings"], CultureInfo.InvariantCulture)).ShouldBe(24 * 720);
    }

    [Theory]
    [InlineData("Asia/Kolkata", 5.5)]
    [InlineData("Asia/Kathmandu", 5.75)]
    public async Task Days_of_a_zone_at_no_whole_hour_hold_its_own_readings(string zone, double hours)
    {
        var page = await stage.OpenAsync($"/explore?s=press-01/temperature&range=7d&step=1d&tz={zone}");
        await page.ShowsAsync("press-01/temperature");
        await Expect(page.Locator("#source")).ToContainTextAsync("1 d buckets");
        var download = await page.RunAndWaitForDownloadAsync(async () =>
        {
            await page.ClickAsync("#export summary");
            await page.ClickAsync("#export-shown");
        });
        var rows = await RowsAsync(download);

        // Worked out from the readings themselves: days of a clock that is so many hours ahead.
        var offset = (long)(hours * 3_600_000);
        var days = (await stage.Store.ClickHouse.QueryRowsAsync(
            $"SELECT intDiv(toUnixTimestamp64Milli(event_time) + {offset}, 86400000) * 86400000 - {offset} AS day, count(), round(max(value), 6) FROM readings_data "
            + "WHERE device = 'press-01' AND sensor = 'temperature' GROUP BY day ORDER BY day",
            null, TestContext.Current.CancellationToken)).Select(row => string.Join(' ', row));
        rows.Select(row => string.Create(
            CultureInfo.InvariantCulture,
            $"{DateTimeOffset.Parse(row["time"], CultureInfo.InvariantCulture).ToUnixTimeMilliseconds()} {row["readings"]} {Math.Round(double.Parse(row["max"], CultureInfo.InvariantCulture), 6):R}")).ShouldBe(days);
        rows.ShouldAllBe(row => row[$"time in {zone}"].Contains("T00:00:00.000", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Day_before_lies_under_the_day_shown()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=1h");
        await page.ShowsAsync("press-01/temperature");
        await page.SelectOptionAsync("#versus", "1d");

        await Expect(page.Locator("[data-line='press-01/temperature@1d']")).ToContainTextAsync("a day before");
        page.Url.ShouldContain("vs=1d");
    }

    [Fact]
    public async Task Statistics_are_of_every_reading_and_say_how_many_lie_within_limits()
    {
        var page = await stage.OpenAsync("/explore?s=press-02/vibration&range=15m");
        await page.ShowsAsync("press-02/vibration");
        await page.ClickAsync("#statistics-toggle");
        await page.FillAsync("#high", "1");
        await page.ClickAsync("text=Work out");

        var cells = page.Locator("[data-statistics='press-02/vibration'] td");
        await Expect(cells.Nth(1)).ToHaveTextAsync("100");
        // Values 0 to 4 in turn; the five bad ones are all 0.
        await Expect(cells.Nth(3)).ToHaveTextAsync("2.10526");
        await Expect(cells.Nth(9)).ToHaveTextAsync("36.842 %");
        await Expect(cells.Nth(11)).ToHaveTextAsync("5 %");
    }

    [Fact]
    public async Task Export_is_what_is_drawn_and_readings_of_a_live_range_end_when_they_are_asked_for()
    {
        var page = await stage.OpenAsync(Two + "&range=15m");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature");
        await page.ClickAsync("#export summary");
        var points = long.Parse((await page.Locator(".plot").GetAttributeAsync("data-points"))!, CultureInfo.InvariantCulture);
        var download = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("#export-shown"));
        var rows = await File.ReadAllLinesAsync((await download.PathAsync())!, TestContext.Current.CancellationToken);
        ((long)rows.Length - 1).ShouldBeInRange(points - 4, points + 4, "live readings come and go meanwhile");
        rows.Count(row => row.Contains(",press-02,temperature,", StringComparison.Ordinal)).ShouldBeGreaterThan(100);

        var opened = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds();
        await page.EvaluateAsync("() => new Promise(done => setTimeout(done, 1500))");
        var asked = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("[data-export='press-01/temperature']"));
        long.Parse(Regex.Match(asked.Url, "to=([0-9]+)").Groups[1].Value, CultureInfo.InvariantCulture).ShouldBeGreaterThan(opened + 1000);
    }

    [Fact]
    public async Task Keys_change_the_range_find_and_move_the_cursor()
    {
        var page = await stage.OpenAsync("/explore?s=press-01/temperature&range=15m");
        await page.ShowsAsync("press-01/temperature");

        await page.Keyboard.PressAsync("3");
        await Expect(page.Locator("#ranges [aria-pressed=true]")).ToHaveTextAsync("1h");
        await page.Keyboard.PressAsync("+");
        await Expect(page).ToHaveURLAsync(new Regex("from="));
        await page.Keyboard.PressAsync("0");
        await Expect(page.Locator("#reset")).ToHaveAttributeAsync("aria-pressed", "true");
        await page.FocusAsync(".chart");
        await page.Keyboard.PressAsync("ArrowRight");
        await page.Keyboard.PressAsync("ArrowRight");
        await Expect(page.Locator(".tip")).ToContainTextAsync("press-01/temperature");
        await page.Keyboard.PressAsync("/");
        await Expect(page.Locator("#add")).ToBeFocusedAsync();
    }

    /// <summary>The rows of a CSV file, by the names of its columns.</summary>
    private static async Task<List<Dictionary<string, string>>> RowsAsync(IDownload download)
    {
        var lines = await File.ReadAllLinesAsync((await download.PathAsync())!, TestContext.Current.CancellationToken);
        var names = lines[0].Split(',');
        return [.. lines.Skip(1).Select(line => names.Zip(line.Split(',')).ToDictionary(cell => cell.First, cell => cell.Second))];
    }
}
