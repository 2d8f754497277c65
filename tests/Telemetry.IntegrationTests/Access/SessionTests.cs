using System.Net;
using System.Net.Http.Json;
using System.Text;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Access;

/// <summary>Signing in by the page, what a session may, and what ends it.</summary>
[Collection(EngineFixture.Collection)]
public sealed class SessionTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private readonly ManualTime _time = new(DateTimeOffset.UtcNow);
    private DoorServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Operator);
        DoorServer.AddUser(options, "bob", UserRole.Viewer);
        _server = await DoorServer.StartAsync(options, store.ClickHouse, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Right_password_begins_a_session_with_a_cookie_that_scripts_and_other_sites_do_not_get()
    {
        using var browser = _server.NewBrowser();
        using var answer = await browser.SignInAsync("ann", back: "/#device=press-07");

        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        answer.Headers.Location!.ToString().ShouldBe("/#device=press-07");
        var cookie = answer.Headers.GetValues("Set-Cookie").Single(c => c.StartsWith("telemetry-session=", StringComparison.Ordinal)).ToLowerInvariant();
        cookie.ShouldContain("httponly");
        cookie.ShouldContain("samesite=lax");
        var session = await browser.SessionAsync();
        session.GetProperty("user").GetString().ShouldBe("ann");
        session.GetProperty("role").GetString().ShouldBe("operator");
        session.GetProperty("open").GetBoolean().ShouldBeFalse();
        (await StatusAsync(browser.Http, "api/v1/devices")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Wrong_password_and_unknown_user_get_the_same_answer_and_soon_have_to_wait()
    {
        // Time stands still: on a slow machine a try would come back meanwhile.
        await using var server = await DoorServer.StartAsync(_server.Options, store.ClickHouse, new StandingTime());
        using var browser = server.NewBrowser();
        foreach (var user in (string[])["ann", "nobody"])
        {
            using var answer = await browser.SignInAsync(user, "wrong");
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            (await answer.Content.ReadAsStringAsync(DoorServer.Token)).ShouldContain("User or password is wrong.");
        }

        for (var i = 0; i < 4; i++)
        {
            (await browser.SignInAsync("ann", "wrong")).Dispose();
        }

        using var late = await browser.SignInAsync("ann");
        late.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests, "even the right one is not looked at");
        late.Headers.RetryAfter.ShouldNotBeNull();
        using var other = await browser.SignInAsync("bob");
        other.StatusCode.ShouldBe(HttpStatusCode.Redirect, "other users of this address are heard");
    }

    [Fact]
    public async Task Signing_out_ends_what_a_stolen_copy_of_the_cookie_could_do()
    {
        using var browser = _server.NewBrowser();
        (await browser.SignInAsync("ann")).Dispose();
        using var thief = _server.NewClient();
        thief.DefaultRequestHeaders.Add("Cookie", "telemetry-session=" + browser.SessionCookie);
        (await StatusAsync(thief, "api/v1/devices")).ShouldBe(HttpStatusCode.OK);

        (await PostAsync(browser.Http, "signout")).ShouldBe(HttpStatusCode.Forbidden, "without the antiforgery token");
        await browser.UseAntiforgeryAsync();
        (await PostAsync(browser.Http, "signout")).ShouldBe(HttpStatusCode.NoContent);

        (await StatusAsync(thief, "api/v1/devices")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Theory]
    [InlineData("api/v1/query")]
    [InlineData("api/v1/statistics")]
    public async Task Question_with_a_body_is_no_act_and_needs_no_antiforgery_token(string path)
    {
        using var browser = _server.NewBrowser();
        using var signedIn = await browser.SignInAsync("ann");
        using var body = new StringContent("""{"series": [{"device": "press-07", "sensor": "temperature"}]}""", Encoding.UTF8, "application/json");
        using var answer = await browser.Http.PostAsync(path, body, DoorServer.Token);
        using var anonymous = _server.NewBrowser();
        using var refused = await anonymous.Http.PostAsync(path, body, DoorServer.Token);
        using var eve = _server.NewClient(_server.NewToken(UserRole.Administrator));

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        var entries = (await eve.GetFromJsonAsync<System.Text.Json.JsonElement>("api/v1/audit?user=ann", DoorServer.Token)).GetProperty("entries").EnumerateArray().ToList();
        entries.ShouldNotBeEmpty("signing in is one");
        entries.ShouldAllBe(entry => !entry.GetProperty("text").GetString()!.Contains(path, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Act_of_a_session_needs_the_antiforgery_token_and_our_own_origin()
    {
        const string Act = "api/v1/devices/press-07/commands";
        using var browser = _server.NewBrowser();
        (await browser.SignInAsync("ann")).Dispose();
        (await PostAsync(browser.Http, Act)).ShouldBe(HttpStatusCode.Forbidden);
        await browser.UseAntiforgeryAsync();
        (await PostAsync(browser.Http, Act)).ShouldBe(HttpStatusCode.ServiceUnavailable, "it came to the endpoint, which has no log here");
        (await PostAsync(browser.Http, Act, ("Origin", "https://evil.example"))).ShouldBe(HttpStatusCode.Forbidden);
        (await PostAsync(browser.Http, Act, ("Origin", "null"))).ShouldBe(HttpStatusCode.Forbidden);
        (await PostAsync(browser.Http, Act, ("Sec-Fetch-Site", "cross-site"))).ShouldBe(HttpStatusCode.Forbidden);
        (await PostAsync(browser.Http, Act, ("Origin", _server.Address.GetLeftPart(UriPartial.Authority)))).ShouldBe(HttpStatusCode.ServiceUnavailable);

        // The token is of one session: somebody else's does not help.
        using var bob = _server.NewBrowser();
        (await bob.SignInAsync("bob")).Dispose();
        var foreign = (await bob.SessionAsync()).GetProperty("antiforgery");
        browser.Http.DefaultRequestHeaders.Remove(foreign.GetProperty("header").GetString()!);
        browser.Http.DefaultRequestHeaders.Add(foreign.GetProperty("header").GetString()!, foreign.GetProperty("token").GetString());
        (await PostAsync(browser.Http, Act)).ShouldBe(HttpStatusCode.Forbidden);
    }

    [Fact]
    public async Task Signing_in_begins_a_new_session_and_never_takes_over_the_one_of_a_cookie_that_was_there()
    {
        using var browser = _server.NewBrowser();
        (await browser.SignInAsync("bob")).Dispose();
        var planted = browser.SessionCookie;
        (await browser.SignInAsync("ann")).Dispose();

        browser.SessionCookie.ShouldNotBe(planted);
        (await browser.SessionAsync()).GetProperty("user").GetString().ShouldBe("ann");
        using var thief = _server.NewClient();
        thief.DefaultRequestHeaders.Add("Cookie", "telemetry-session=" + planted);
        (await thief.GetFromJsonAsync<System.Text.Json.JsonElement>("api/v1/session", DoorServer.Token)).GetProperty("user").GetString().ShouldBe("bob");
    }

    [Fact]
    public async Task Form_of_another_page_signs_nobody_in()
    {
        using var client = _server.NewClient();
        using var content = new FormUrlEncodedContent(new Dictionary<string, string> { ["user"] = "ann", ["password"] = DoorServer.Password });
        using var answer = await client.PostAsync("signin", content, DoorServer.Token);
        answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        answer.Headers.Contains("Set-Cookie").ShouldBeTrue("for the next try");
        answer.Headers.GetValues("Set-Cookie").ShouldNotContain(c => c.StartsWith("telemetry-session=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Nobody_is_sent_to_another_server_after_signing_in()
    {
        foreach (var back in (string[])["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"])
        {
            using var browser = _server.NewBrowser();
            using var answer = await browser.SignInAsync("ann", back: back);
            answer.Headers.Location!.ToString().ShouldBe("/", back);
        }
    }

    [Fact]
    public async Task Session_ends_when_nothing_is_asked_for_long_and_at_the_latest_after_a_day()
    {
        using var idle = _server.NewBrowser();
        (await idle.SignInAsync("ann")).Dispose();
        using var busy = _server.NewBrowser();
        (await busy.SignInAsync("ann")).Dispose();
        var start = _time.GetUtcNow();
        for (var hour = 5; hour <= 20; hour += 5)
        {
            _time.Set(start.AddHours(hour));
            (await StatusAsync(busy.Http, "api/v1/devices")).ShouldBe(HttpStatusCode.OK, $"after {hour} h, asked every five");
        }

        (await StatusAsync(idle.Http, "api/v1/devices")).ShouldBe(HttpStatusCode.Unauthorized);
        _time.Set(start.AddHours(24).AddMinutes(1));
        (await StatusAsync(busy.Http, "api/v1/devices")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Change_of_the_users_file_counts_for_sessions_that_are_open()
    {
        using var browser = _server.NewBrowser();
        (await browser.SignInAsync("ann")).Dispose();
        DoorServer.GiveRole(_server.Options, "ann", new UserAccess(UserRole.Engineer));
        await UntilAsync(async () => (await browser.SessionAsync()).GetProperty("role").GetString() == "engineer");

        UsersFile.Set(_server.UsersFile, "ann", PasswordHash.Create(Encoding.UTF8.GetBytes("another one"), 1_000));
        await UntilAsync(async () => await StatusAsync(browser.Http, "api/v1/devices") == HttpStatusCode.Unauthorized);
        (await browser.SignInAsync("ann")).StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        using var again = await browser.SignInAsync("ann", "another one");
        again.StatusCode.ShouldBe(HttpStatusCode.Redirect);

        UsersFile.Remove(_server.UsersFile, "ann");
        await UntilAsync(async () => await StatusAsync(browser.Http, "api/v1/devices") == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task User_of_mqtt_without_a_role_does_not_come_in()
    {
        UsersFile.Set(_server.UsersFile, "pump-7", PasswordHash.Create(Encoding.UTF8.GetBytes(DoorServer.Password), 1_000));
        _server.Door.Users.Reload();
        using var browser = _server.NewBrowser();
        using var answer = await browser.SignInAsync("pump-7");
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Oldest_session_makes_room_where_there_are_as_many_as_there_may_be()
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder, "few")).FullName;
        var options = DoorServer.Settings(folder);
        DoorServer.AddUser(options, "ann", UserRole.Viewer);
        await using var server = await DoorServer.StartAsync(options with { Access = options.Access with { SessionsMax = 2 } }, store.ClickHouse);
        var browsers = new List<DoorServer.Browser>();
        for (var i = 0; i < 3; i++)
        {
            browsers.Add(server.NewBrowser());
            (await browsers[i].SignInAsync("ann")).Dispose();
        }

        server.Door.Sessions.Count.ShouldBe(2);
        (await StatusAsync(browsers[0].Http, "api/v1/devices")).ShouldBe(HttpStatusCode.Unauthorized);
        (await StatusAsync(browsers[2].Http, "api/v1/devices")).ShouldBe(HttpStatusCode.OK);
        browsers.ForEach(b => b.Dispose());
    }

    internal static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(DoorServer.Token);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        while (!await holds())
        {
            await timer.WaitForNextTickAsync(limit.Token);
        }
    }

    private sealed class StandingTime : TimeProvider
    {
        private readonly DateTimeOffset _now = DateTimeOffset.UtcNow;

        public override DateTimeOffset GetUtcNow() => _now;

        public override long GetTimestamp() => 1;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, DoorServer.Token);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(new { name = "stop" }) };
        foreach (var (name, value) in headers)
        {
            request.Headers.Add(name, value);
        }

        using var response = await client.SendAsync(request, DoorServer.Token);
        return response.StatusCode;
    }
}
