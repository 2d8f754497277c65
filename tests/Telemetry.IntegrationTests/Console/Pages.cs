using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Console;

/// <summary>What several tests of the console do with a page.</summary>
internal static partial class Pages
{
    public static Task ShowsAsync(this IPage page, params string[] traces) => Expect(page.Locator("#main .plot")).ToHaveAttributeAsync("data-traces", string.Join(' ', traces));

    public static Task HasPointsAsync(this IPage page) => Expect(page.Locator("#main .plot")).ToHaveAttributeAsync("data-points", Many());

    /// <summary>The window drawn, in Unix milliseconds.</summary>
    public static async Task<(long From, long To)> WindowAsync(this IPage page)
    {
        var text = (await page.Locator("#main .plot").GetAttributeAsync("data-window"))!.Split(',');
        return (long.Parse(text[0], System.Globalization.CultureInfo.InvariantCulture), long.Parse(text[1], System.Globalization.CultureInfo.InvariantCulture));
    }

    public static async Task DragAsync(this IPage page, float from, float to)
    {
        var box = (await page.Locator("#main .u-over").BoundingBoxAsync())!;
        var y = box.Y + (box.Height / 2);
        await page.Mouse.MoveAsync(box.X + (box.Width * from), y);
        await page.Mouse.DownAsync();
        await page.Mouse.MoveAsync(box.X + (box.Width * (from + to) / 2), y);
        await page.Mouse.MoveAsync(box.X + (box.Width * to), y);
        await page.Mouse.UpAsync();
    }

    [GeneratedRegex("^[1-9][0-9]*$")]
    public static partial Regex Many();
}
