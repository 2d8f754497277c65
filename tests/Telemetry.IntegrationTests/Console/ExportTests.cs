using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Storage.ClickHouse;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>What leaves the console: files of exactly what is drawn, paper, the whole screen.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ExportTests(ConsoleStage stage) : IClassFixture<ConsoleStage>
{
    // Colours of the first two lines in each theme (style.css).
    private static readonly string[] DarkInk = ["79,179,255", "245,176,65"];
    private static readonly string[] LightInk = ["22,115,209", "185,106,0"];

    private const string Two = "/explore?s=press-01/temperature&s=press-02/temperature";

    [Theory]
    [InlineData("parquet", "Parquet", 12)]
    [InlineData("arrow", "ArrowStream", 12)]
    [InlineData("csv", "CSVWithNames", 12)]
    public async Task File_of_the_server_holds_the_buckets_that_are_drawn_of_all_series(string button, string format, int hours)
    {
        var to = (BrowserStage.Now() / 1000) - 60_000;
        var from = to - (hours * 3_600_000L);
        var page = await stage.OpenAsync($"{Two}&from={from}&to={to}");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature");
        await Expect(page.Locator("#source")).ToContainTextAsync("buckets");
        var step = long.Parse(Regex.Match((await page.Locator("#source").TextContentAsync())!, "([0-9]+) min buckets").Groups[1].Value, CultureInfo.InvariantCulture);

        var rows = await ReadAsync(page, button, format, "time String, device String, sensor String, min Float64, max Float64, mean Float64, count UInt64", "device, toUnixTimestamp64Milli(toDateTime64(time, 6, 'UTC')) AS t, min, max, round(mean, 6), count");

        var drawn = await AskAsync($$"""{"series": [{"device": "press-01", "sensor": "temperature"}, {"device": "press-02", "sensor": "temperature"}], "from": "{{from}}", "to": "{{to}}", "step": "{{step}}m"}""");
        rows.ShouldBe(drawn.GetProperty("series").EnumerateArray().SelectMany(series => Enumerable.Range(0, drawn.GetProperty("t").GetArrayLength())
            .Select(i => (I: i, Columns: series.GetProperty("columns"), Device: series.GetProperty("device").GetString()))
            .Where(at => at.Columns.GetProperty("count")[at.I].GetInt64() > 0)
            .Select(at => Row(
                at.Device!, (long)drawn.GetProperty("t")[at.I].GetDouble(), at.Columns.GetProperty("min")[at.I].GetDouble(), at.Columns.GetProperty("max")[at.I].GetDouble(),
                at.Columns.GetProperty("mean")[at.I].GetDouble(), at.Columns.GetProperty("count")[at.I].GetInt64()))));
        ((long)rows.Count).ShouldBe(long.Parse((await page.Locator(".plot").GetAttributeAsync("data-points"))!, CultureInfo.InvariantCulture), "as many as are drawn");
        stage.Errors.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("parquet", "Parquet")]
    [InlineData("arrow", "ArrowStream")]
    [InlineData("csv", "CSVWithNames")]
    public async Task File_of_single_readings_holds_each_with_its_quality(string button, string format)
    {
        var to = BrowserStage.Now() / 1000;
        var from = to - 900_000;
        var page = await stage.OpenAsync($"/explore?s=press-02/vibration&from={from}&to={to}");
        await page.ShowsAsync("press-02/vibration");
        await Expect(page.Locator("#source")).ToHaveTextAsync("raw readings");

        var rows = await ReadAsync(
            page, button, format, "time String, device String, sensor String, value Float64, quality UInt8", "device, toUnixTimestamp64Milli(toDateTime64(time, 6, 'UTC')) AS t, value, quality, sensor, 1");

        var drawn = await AskAsync($$"""{"series": [{"device": "press-02", "sensor": "vibration"}], "from": "{{from}}", "to": "{{to}}", "step": "raw"}""");
        var columns = drawn.GetProperty("series")[0].GetProperty("columns");
        rows.Count.ShouldBe(ConsoleStage.VibrationCount);
        rows.ShouldBe(Enumerable.Range(0, ConsoleStage.VibrationCount).Select(i => string.Join(
            ' ', "press-02", ((long)Math.Floor(columns.GetProperty("t")[i].GetDouble())).ToString(CultureInfo.InvariantCulture), columns.GetProperty("value")[i].GetDouble().ToString("R", CultureInfo.InvariantCulture),
            columns.GetProperty("quality")[i].GetInt32().ToString(CultureInfo.InvariantCulture), "vibration", "1")));
    }

    [Theory]
    [InlineData("parquet", "Parquet", 1)]
    [InlineData("arrow", "ArrowStream", 12)]
    [InlineData("csv", "CSVWithNames", 1)]
    [InlineData("csv", "CSVWithNames", 12)]
    public async Task Day_before_that_is_drawn_is_in_the_files_as_a_series_of_its_own(string button, string format, int hours)
    {
        // A reading every 10 s over two days, each with a value of its own.
        var device = $"twice-{button}-{hours}";
        var now = BrowserStage.Now();
        const int count = 2 * 8640;
        await stage.Store.InsertAsync(QueryStore.Rows(device, "temperature", $"{BrowserStage.Text(now - (count * 10_000_000L))} + number * 10000000", count, "toFloat64(number)"));
        var to = (now / 1000) - 60_000;
        var from = to - (hours * 3_600_000L);
        var page = await stage.OpenAsync($"/explore?s={device}/temperature&from={from}&to={to}&vs=1d");
        await page.ShowsAsync($"{device}/temperature", $"{device}/temperature@1d");
        var source = page.Locator("#source");
        await Expect(source).ToContainTextAsync(hours == 1 ? "raw readings" : "buckets");
        var step = hours == 1 ? "raw" : Regex.Match((await source.TextContentAsync())!, "([0-9]+) min buckets").Groups[1].Value + "m";
        var figure = hours == 1 ? "value" : "mean";

        var rows = await ReadAsync(
            page, button, format, $"time String, device String, sensor String, series String, {figure} Float64", $"series, toUnixTimestamp64Milli(toDateTime64(time, 6, 'UTC')) AS t, {figure}");

        var expected = new List<string>();
        foreach (var (series, shift) in new[] { ($"{device}/temperature@1d", 86_400_000L), ($"{device}/temperature", 0L) })
        {
            var drawn = await AskAsync($$"""{"series": [{"device": "{{device}}", "sensor": "temperature"}], "from": "{{from - shift}}", "to": "{{to - shift}}", "step": "{{step}}"}""");
            var columns = drawn.GetProperty("series")[0].GetProperty("columns");
            var times = (hours == 1 ? columns : drawn).GetProperty("t");
            times.GetArrayLength().ShouldBeGreaterThan(100);
            expected.AddRange(times.EnumerateArray().Select((t, i) => string.Create(CultureInfo.InvariantCulture, $"{series} {(long)Math.Floor(t.GetDouble())} {columns.GetProperty(figure)[i].GetDouble():R}")));
        }

        rows.ShouldBe(expected);
        ((long)rows.Count).ShouldBe(long.Parse((await page.Locator(".plot").GetAttributeAsync("data-points"))!, CultureInfo.InvariantCulture), "as many as are drawn");

        // The file that the page itself writes has the same rows.
        var shown = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync("#export-shown"));
        var lines = (await File.ReadAllLinesAsync((await shown.PathAsync())!, TestContext.Current.CancellationToken)).Select(line => line.Split(',')).ToList();
        var (at, named) = (Array.IndexOf(lines[0], "time"), Array.IndexOf(lines[0], "series"));
        lines[1..].Select(line => (line[named], DateTimeOffset.Parse(line[at], CultureInfo.InvariantCulture).ToUnixTimeMilliseconds())).ShouldBe(
            expected.Select(row => row.Split(' ')).Select(row => (row[0], long.Parse(row[1], CultureInfo.InvariantCulture))), ignoreOrder: true);
        stage.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Paper_has_the_chart_in_light_colours_its_legend_range_and_zone_and_no_buttons()
    {
        var page = await stage.OpenAsync($"{Two}&range=6h&tz=Asia/Kolkata");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature");
        await page.ClickAsync("#statistics-toggle");
        await Expect(page.Locator("[data-statistics]")).ToHaveCountAsync(2);
        (await page.GetAttributeAsync("html", "data-theme")).ShouldBe("dark");
        (await InkAsync(page)).ShouldBeOneOf(DarkInk);
        await Expect(page.Locator("#window")).ToContainTextAsync("– now");

        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Print });

        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "light");
        await Expect(page.Locator("#window")).Not.ToContainTextAsync("now");
        await Expect(page.Locator("#window")).ToContainTextAsync("Asia/Kolkata (UTC+05:30)");
        await Expect(page.Locator("#title")).ToBeVisibleAsync();
        await Expect(page.Locator(".plot canvas")).ToBeVisibleAsync();
        await Expect(page.Locator("[data-line='press-02/temperature']")).ToBeVisibleAsync();
        (await InkAsync(page)).ShouldBeOneOf(LightInk);
        (await page.Locator("button:visible:not(.line), select:visible, input:visible, summary:visible, nav:visible").AllTextContentsAsync()).ShouldBeEmpty();

        // No wider than the paper, and not cut: A4 has 718 px between its margins.
        await page.SetViewportSizeAsync(718, 1000);
        (await page.EvaluateAsync<int>("() => document.documentElement.scrollWidth")).ShouldBeLessThanOrEqualTo(718);
        (await page.Locator(".plot canvas").BoundingBoxAsync())!.Width.ShouldBeInRange(500, 718);
        (await page.Locator(".plot canvas").BoundingBoxAsync())!.Height.ShouldBeGreaterThan(200);
        var paper = await page.PdfAsync(new PagePdfOptions { Format = "A4", PrintBackground = true });
        Encoding.ASCII.GetString(paper, 0, 5).ShouldBe("%PDF-");
        Regex.Count(Encoding.Latin1.GetString(paper), "/Type ?/Page[^s]").ShouldBe(1, "one page");

        await page.EmulateMediaAsync(new PageEmulateMediaOptions { Media = Media.Screen });
        await Expect(page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
        await Expect(page.Locator("#window")).ToContainTextAsync("– now");
        (await InkAsync(page)).ShouldBeOneOf(DarkInk);
    }

    [Fact]
    public async Task Chart_fills_the_screen_and_Escape_brings_the_page_back()
    {
        var page = await stage.OpenAsync($"{Two}&from={(BrowserStage.Now() / 1000) - 3_600_000}&to={BrowserStage.Now() / 1000}");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature");
        var before = page.Url;

        await page.ClickAsync("#full-screen");
        await Expect(page.Locator("#full-screen")).ToHaveAttributeAsync("aria-pressed", "true");
        (await page.EvaluateAsync<string>("() => document.fullscreenElement.className")).ShouldContain("explore");
        await page.ShowsAsync("press-01/temperature", "press-02/temperature");

        await page.Keyboard.PressAsync("Escape");
        await Expect(page.Locator("#full-screen")).ToHaveAttributeAsync("aria-pressed", "false");
        (await page.EvaluateAsync<bool>("() => document.fullscreenElement === null")).ShouldBeTrue();
        page.Url.ShouldBe(before, "Escape ends the full screen, not the range");
        await Expect(page.Locator("header")).ToBeVisibleAsync();
    }

    /// <summary>The colour that most of the chart's opaque pixels have that are not grey.</summary>
    private static Task<string> InkAsync(IPage page) => page.EvaluateAsync<string>(
        """
        () => new Promise(done => setTimeout(() => {
          const c = document.querySelector(".plot canvas"), d = c.getContext("2d").getImageData(0, 0, c.width, c.height).data, n = new Map();
          for (let i = 0; i < d.length; i += 4) {
            if (d[i + 3] === 255 && Math.max(d[i], d[i + 1], d[i + 2]) - Math.min(d[i], d[i + 1], d[i + 2]) > 80) { const key = d.slice(i, i + 3).join(); n.set(key, (n.get(key) ?? 0) + 1); }
          }
          done([...n].sort((a, b) => b[1] - a[1])[0]?.[0] ?? "");
        }, 300))
        """);

    private static string Row(string device, long t, double min, double max, double mean, long count) => string.Create(
        CultureInfo.InvariantCulture, $"{device} {t} {min:R} {max:R} {Math.Round(mean, 6):R} {count}");

    /// <summary>Downloads by the button and lets the engine read the bytes.</summary>
    private async Task<List<string>> ReadAsync(IPage page, string button, string format, string schema, string columns)
    {
        await page.ClickAsync("#export summary");
        var download = await page.RunAndWaitForDownloadAsync(() => page.ClickAsync($"[data-format='{button}']"));
        download.SuggestedFilename.ShouldEndWith("." + button);
        var file = Path.GetTempFileName();
        try
        {
            await download.SaveAsAsync(file);
            return [.. (await stage.Store.ClickHouse.QueryRowsAsync($"SELECT {columns} FROM file('{file}', '{format}', '{schema}') ORDER BY device, t", null, TestContext.Current.CancellationToken)).Select(row => string.Join(' ', row))];
        }
        finally
        {
            File.Delete(file);
        }
    }

    private async Task<JsonElement> AskAsync(string body)
    {
        using var answer = await stage.Client.PostAsync(
            new Uri("/api/v1/query", UriKind.Relative), new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(text);
        return JsonDocument.Parse(text).RootElement;
    }
}
