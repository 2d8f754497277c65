using Microsoft.Playwright;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Console;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using static Microsoft.Playwright.Assertions;

namespace Telemetry.IntegrationTests.Access;

/// <summary>The door in a real browser: the built console behind it, under its Content-Security-Policy.</summary>
[Collection(EngineFixture.Collection)]
public sealed class SignInBrowserTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private readonly List<string> _errors = [];
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    public async ValueTask InitializeAsync()
    {
        if (BrowserStage.Missing is null)
        {
            SetDefaultExpectTimeout(60_000);
            _playwright = await Playwright.CreateAsync();
            _browser = await BrowserStage.LaunchAsync(_playwright);
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null)
        {
            await _browser.DisposeAsync();
        }

        _playwright?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Wrong_password_is_told_the_right_one_leads_back_to_the_view_and_signing_out_ends_it()
    {
        var page = await PageAsync();
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Operator);
        await using var server = await StartAsync(options);

        await page.GotoAsync(server.Address + "explore?s=press-07/temperature&range=24h");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sign in");
        await page.FillAsync("#user", "ann");
        await page.FillAsync("#password", "wrong");
        await page.ClickAsync("button[type=submit]");
        await Expect(page.Locator("#problem")).ToHaveTextAsync("User or password is wrong.");
        await Expect(page.Locator("#user")).ToHaveValueAsync("ann");

        await page.FillAsync("#password", DoorServer.Password);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#who")).ToHaveTextAsync("ann · operator");
        await Expect(page.Locator(".plot")).ToHaveAttributeAsync("data-traces", "press-07/temperature");
        (await page.EvaluateAsync<string>("() => document.cookie")).ShouldBeEmpty("scripts see no cookie");

        await page.ClickAsync("#signout");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sign in");
        await page.GotoAsync(server.Address.ToString());
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sign in");
        _errors.ShouldBeEmpty();
    }

    [Fact]
    public async Task Session_that_ends_under_a_page_leads_to_the_sign_in_page()
    {
        var page = await PageAsync();
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Viewer);
        await using var server = await StartAsync(options);
        await page.GotoAsync(server.Address.ToString());
        await page.FillAsync("#user", "ann");
        await page.FillAsync("#password", DoorServer.Password);
        await page.Keyboard.PressAsync("Enter");
        await Expect(page.Locator("#who")).ToHaveTextAsync("ann · viewer");
        await Expect(page.Locator(".tools")).ToContainTextAsync("Acknowledging needs the role operator.");
        await Expect(page.Locator("#acknowledge")).ToHaveCountAsync(0);

        UsersFile.Remove(server.UsersFile, "ann");
        await Expect(page.Locator("h1")).ToHaveTextAsync("Sign in");
    }

    [Fact]
    public async Task Console_says_that_the_door_is_open_and_its_policy_stops_nothing_of_its_own()
    {
        var page = await PageAsync();
        await using var server = await StartAsync(DoorServer.Settings(_folder, hasUsersFile: false));
        await page.GotoAsync(server.Address + "explore?s=press-07/temperature&range=24h");

        await Expect(page.Locator("#who")).ToHaveTextAsync("open: no users yet");
        await Expect(page.Locator("#signout")).ToBeHiddenAsync();
        await Expect(page.Locator(".plot canvas")).ToBeVisibleAsync();
        _errors.ShouldBeEmpty();
    }

    private Task<DoorServer> StartAsync(TelemetryOptions options) =>
        DoorServer.StartAsync(options with { Query = options.Query with { ConsoleFolder = BrowserStage.Dist } }, store.ClickHouse);

    private async Task<IPage> PageAsync()
    {
        Assert.SkipWhen(BrowserStage.Missing is not null, BrowserStage.Missing ?? "");
        var page = await _browser!.NewPageAsync();
        page.PageError += (_, error) => _errors.Add(error);
        page.Console += (_, message) =>
        {
            if (message.Text.Contains("Content Security Policy", StringComparison.OrdinalIgnoreCase))
            {
                _errors.Add(message.Text);
            }
        };
        return page;
    }
}
