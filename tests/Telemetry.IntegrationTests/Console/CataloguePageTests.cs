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
    public async Task Pattern_is_made_changed_over_its_version_and_deleted_and_names_what_it_covers()
    {
        var page = await stage.OpenAsync("/catalogue");
        await page.ClickAsync("#new-pattern");
        await page.FillAsync("[name=devices]", "press-*");
        await page.FillAsync("[name=sensors]", "fl?w");
        await page.FillAsync("[name=unit]", "l/min");
        await page.FillAsync("[name=hi]", "30");
        await page.ClickAsync(".entry-form button[type=submit]");

        await Expect(page.Locator("[data-pattern='press-*/fl?w']")).ToContainTextAsync("unit l/min");
        (await stage.Client.GetJsonAsync("/api/v1/catalogue/devices/press-01/sensors/flow")).GetProperty("sources")[0].GetString().ShouldBe("pattern");

        // Somebody else was faster: nothing of theirs is lost.
        await page.ClickAsync("[data-pattern='press-*/fl?w'] >> text=Edit");
        await PutAsync("catalogue/patterns/press-*%2Ffl%3Fw", new { unit = "l/min", hi = 31, displayName = "Flow" });
        await page.FillAsync("[name=hi]", "32");
        await page.ClickAsync(".entry-form button[type=submit]");
        await Expect(page.Locator(".entry-form [role=status]")).ToHaveTextAsync("The entry is at version 2. Look at it again.");
        (await stage.Client.GetJsonAsync("/api/v1/catalogue/devices/press-01/sensors/flow")).GetProperty("hi").GetDouble().ShouldBe(31);

        await page.ReloadAsync();
        await page.ClickAsync("[data-pattern='press-*/fl?w'] >> text=Edit");
        await Expect(page.Locator("[name=displayName]")).ToHaveValueAsync("Flow");
        await page.FillAsync("[name=hi]", "32");
        await page.ClickAsync(".entry-form button[type=submit]");
        await Expect(page.Locator("[data-pattern='press-*/fl?w']")).ToContainTextAsync("hi 32");
        var changed = await stage.Client.GetJsonAsync("/api/v1/catalogue/devices/press-01/sensors/flow");
        (changed.GetProperty("hi").GetDouble(), changed.GetProperty("displayName").GetString(), changed.GetProperty("unit").GetString()).ShouldBe((32, "Flow", "l/min"));

        page.Dialog += (_, dialog) => _ = dialog.AcceptAsync();
        await page.ClickAsync("[data-pattern='press-*/fl?w'] >> text=Delete");
        await Expect(page.Locator("[data-pattern='press-*/fl?w']")).ToHaveCountAsync(0);
        (await stage.Client.GetJsonAsync("/api/v1/catalogue/devices/press-01/sensors/flow")).GetProperty("sources").GetArrayLength().ShouldBe(0);
        stage.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_is_no_engineer_sees_patterns_and_cannot_change_them()
    {
        var page = await stage.OpenAsync("");
        await PutAsync("catalogue/patterns/pump-*", new { type = "pump" });
        await page.RouteAsync("**/api/v1/session", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = """{"user": "bob", "role": "operator", "kind": "password", "devices": [], "open": false, "canSignOut": true, "antiforgery": null}""",
        }));
        await stage.ShowAsync(page, "/catalogue");

        await Expect(page.Locator("[data-pattern='pump-*']")).ToContainTextAsync("type pump");
        await Expect(page.Locator("#main")).ToContainTextAsync("Changing them needs the role engineer.");
        (await page.Locator("#main button").CountAsync()).ShouldBe(0);
    }

    [Fact]
    public async Task Simulated_history_is_told_and_hatched_on_the_chart()
    {
        var page = await stage.OpenAsync("");
        var until = DateTimeOffset.FromUnixTimeSeconds((BrowserStage.Now() / 1_000_000) - 1800);
        await PutAsync("catalogue/devices/press-01", new { tags = (string[])["simulated", $"simulated-history={until.AddHours(-6):yyyy-MM-dd'T'HH:mm:ss'Z'}/{until:yyyy-MM-dd'T'HH:mm:ss'Z'}"] });
        await stage.ShowAsync(page, "/explore?s=press-01/oil&range=1h&tz=UTC");

        await page.ShowsAsync("press-01/oil");
        await Expect(page.Locator(".badge.simulated")).ToHaveTextAsync($"simulated history until {until:yyyy-MM-dd HH:mm:ss}");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-simulated", $"{until.AddHours(-6).ToUnixTimeMilliseconds()}-{until.ToUnixTimeMilliseconds()}");
        await BrowserStage.FollowAsync(page, "/explore?s=press-01/oil&range=15m&tz=UTC");
        await Expect(page.Locator(".badge.simulated")).ToHaveCountAsync(0);
        (await stage.Client.GetJsonAsync("/api/v1/devices/press-01")).GetProperty("tags")[1].GetString()!.ShouldStartWith("simulated-history=");
        await PutAsync("catalogue/devices/press-01", new { });
    }

    [Fact]
    public async Task Trial_of_a_detector_stands_over_the_chart_before_it_is_put_in_force()
    {
        var page = await stage.OpenAsync("/devices/press-01?s=press-01/flow&range=1h");
        await page.ShowsAsync("press-01/flow");
        var before = (await stage.Client.GetJsonAsync("/api/v1/detectors")).GetProperty("version").GetInt32();
        await page.ClickAsync("#trial summary");
        await Expect(page.Locator("#in-force")).ToContainTextAsync("In force:");
        var marks = int.Parse((await page.GetAttributeAsync("#main .plot", "data-marks"))!, System.Globalization.CultureInfo.InvariantCulture);
        await page.SelectOptionAsync("#trial-detector", "iid-spike");
        await page.FillAsync("#trial-parameters", "Confidence=99.9, PvalueHistoryLength=100");
        await page.ClickAsync("#trial-run");

        await Expect(page.Locator("#trial-result")).ToContainTextAsync("Would have fired 2 times in this range");
        await Expect(page.Locator("#main .plot")).ToHaveAttributeAsync("data-marks", (marks + 2).ToString(System.Globalization.CultureInfo.InvariantCulture));
        var (from, to) = await page.WindowAsync();
        var box = (await page.Locator("#main .u-over").BoundingBoxAsync())!;
        await page.Mouse.MoveAsync(box.X + (float)(box.Width * ((stage.SpikesAt[0] / 1000.0) - from) / (to - from)), box.Y + (box.Height / 2));
        await Expect(page.Locator(".tip")).ToContainTextAsync("(tried)");
        (await stage.Client.GetJsonAsync("/api/v1/detectors")).GetProperty("version").GetInt32().ShouldBe(before, "a trial changes nothing");

        await page.ClickAsync("#trial-apply");
        await Expect(page.Locator("#trial-result")).ToHaveTextAsync($"Version {before + 1} is in force.");
        var now = await stage.Client.GetJsonAsync("/api/v1/detectors");
        (now.GetProperty("version").GetInt32(), now.GetProperty("source").GetString()).ShouldBe((before + 1, "backtest"));
        var rule = now.GetProperty("settings").GetProperty("rules")[0];
        (rule.GetProperty("device").GetString(), rule.GetProperty("sensor").GetString(), rule.GetProperty("detectors")[0].GetProperty("detector").GetString()).ShouldBe(("press-01", "flow", "iid-spike"));
        (await stage.Client.GetJsonAsync("/api/v1/devices/press-01/sensors/flow/detectors")).GetProperty("detectors")[0].GetString()!.ShouldStartWith("iid-spike");
        (await stage.Client.GetJsonAsync("/api/v1/devices/press-01/sensors/oil/detectors")).GetProperty("detectors")[0].GetString()!.ShouldNotStartWith("iid-spike");
        stage.Errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pipeline_shows_topics_with_schemas_the_size_of_tables_and_from_when_on_they_are_complete()
    {
        stage.Raise("press-01", "topics", Telemetry.Contracts.V1.AlarmPriority.Low, "so that there is a record with a schema");
        var page = await stage.OpenAsync("/pipeline");

        await Expect(page.Locator("[data-topic='telemetry.readings.v1'] td").Nth(2)).ToHaveTextAsync("2");
        await Expect(page.Locator("[data-topic='telemetry.catalogue.v1']")).ToBeVisibleAsync();
        var size = (await stage.Client.GetJsonAsync("/api/v1/store/size")).GetProperty("tables").EnumerateArray().Select(t => t.GetProperty("table").GetString()!).ToList();
        size.ShouldContain("readings");
        await Expect(page.Locator("[data-size='readings'] td").Nth(1)).ToContainTextAsync("B");
        (await page.Locator("[data-size]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.size)")).ShouldBe(size, ignoreOrder: true);
        await Expect(page.Locator("[data-table='readings'] td").Nth(2)).ToHaveTextAsync("retention removes what is older");
        await Expect(page.Locator("#horizon tbody tr")).ToHaveCountAsync(8);
        stage.Errors.ShouldBeEmpty();
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
