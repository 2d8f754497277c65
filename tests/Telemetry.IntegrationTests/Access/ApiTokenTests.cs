using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Access;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Access;

/// <summary>API tokens: shown once, kept as hashes, with an end, never more than their owner.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ApiTokenTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private readonly ManualTime _time = new(DateTimeOffset.UtcNow);
    private DoorServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Operator);
        DoorServer.AddUser(options, "eve", UserRole.Administrator);
        DoorServer.AddUser(options, "bob", UserRole.Viewer, devices: "press-07");
        _server = await DoorServer.StartAsync(options, store.ClickHouse, _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Token_is_shown_once_kept_as_a_hash_works_and_ends_when_it_is_revoked()
    {
        using var browser = await SignedInAsync("ann");
        var made = await MakeAsync(browser, new { label = "grafana", role = "viewer", expires = "30d" });
        var text = made.GetProperty("token").GetString()!;
        text.ShouldStartWith(ApiTokens.Prefix);

        var file = await File.ReadAllTextAsync(_server.Door.Tokens.Path, DoorServer.Token);
        file.ShouldNotContain(text.Split('_')[2]);
        if (!OperatingSystem.IsWindows())
        {
            File.GetUnixFileMode(_server.Door.Tokens.Path).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }

        var listed = await browser.Http.GetFromJsonAsync<JsonElement>("api/v1/tokens", DoorServer.Token);
        listed.GetProperty("tokens")[0].GetProperty("label").GetString().ShouldBe("grafana");
        listed.ToString().ShouldNotContain(text);

        using var program = _server.NewClient(text);
        (await StatusAsync(program)).ShouldBe(HttpStatusCode.OK);
        using var altered = _server.NewClient(text[..^1] + (text[^1] == '0' ? '1' : '0'));
        (await StatusAsync(altered)).ShouldBe(HttpStatusCode.Unauthorized);

        using var revoked = await browser.Http.DeleteAsync("api/v1/tokens/" + made.GetProperty("about").GetProperty("id").GetString(), DoorServer.Token);
        revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
        (await StatusAsync(program)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Token_ends_at_its_time()
    {
        using var program = _server.NewClient(_server.NewToken(UserRole.Viewer, TimeSpan.FromHours(1)));
        (await StatusAsync(program)).ShouldBe(HttpStatusCode.OK);
        _time.Set(_time.GetUtcNow().AddMinutes(61));
        (await StatusAsync(program)).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Token_never_has_more_than_its_owner_has_now_and_goes_with_the_owner()
    {
        using var browser = await SignedInAsync("ann");
        (await PostAsync(browser.Http, new { role = "administrator" })).ShouldBe(HttpStatusCode.BadRequest);
        (await PostAsync(browser.Http, new { expires = "9999d" })).ShouldBe(HttpStatusCode.BadRequest);
        using var program = _server.NewClient((await MakeAsync(browser, new { role = "operator" })).GetProperty("token").GetString());
        (await CommandAsync(program)).ShouldBe(HttpStatusCode.ServiceUnavailable);

        DoorServer.GiveRole(_server.Options, "ann", new UserAccess(UserRole.Viewer));
        await SessionTests.UntilAsync(async () => await CommandAsync(program) == HttpStatusCode.Forbidden);
        UsersFile.Remove(_server.UsersFile, "ann");
        await SessionTests.UntilAsync(async () => await StatusAsync(program) == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Token_cannot_make_another_and_tokens_of_others_are_for_administrators()
    {
        using var ann = await SignedInAsync("ann");
        var made = await MakeAsync(ann, new { label = "mine" });
        var id = made.GetProperty("about").GetProperty("id").GetString();
        using var program = _server.NewClient(made.GetProperty("token").GetString());
        (await PostAsync(program, new { label = "another" })).ShouldBe(HttpStatusCode.Forbidden);

        using var bob = await SignedInAsync("bob");
        (await bob.Http.GetStringAsync("api/v1/tokens", DoorServer.Token)).ShouldNotContain(id!);
        using var refused = await bob.Http.DeleteAsync("api/v1/tokens/" + id, DoorServer.Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.NotFound);
        (await PostAsync(bob.Http, new { devices = (string[])["*"] })).ShouldBe(HttpStatusCode.BadRequest, "it sees press-07 only");

        using var eve = await SignedInAsync("eve");
        (await eve.Http.GetStringAsync("api/v1/tokens", DoorServer.Token)).ShouldContain(id!);
        using var revoked = await eve.Http.DeleteAsync("api/v1/tokens/" + id, DoorServer.Token);
        revoked.StatusCode.ShouldBe(HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Token_that_the_command_line_made_counts_here_and_one_that_it_revoked_does_not()
    {
        // What the command does: the same file by another object.
        var elsewhere = new ApiTokens(_server.Door.Tokens.Path, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance);
        var (token, text) = elsewhere.Add("grafana", isOfUser: false, UserRole.Viewer, [], "", TimeSpan.FromHours(1));
        using var program = _server.NewClient(text);
        await SessionTests.UntilAsync(async () => await StatusAsync(program) == HttpStatusCode.OK);
        elsewhere.Revoke(token.Id).ShouldBeTrue();
        await SessionTests.UntilAsync(async () => await StatusAsync(program) == HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Acts_are_in_the_audit_log_that_administrators_read()
    {
        using var ann = await SignedInAsync("ann");
        (await CommandAsync(ann.Http)).ShouldBe(HttpStatusCode.ServiceUnavailable);
        using (var somebody = _server.NewBrowser())
        {
            (await somebody.SignInAsync("ann", "wrong")).Dispose();
        }

        var made = await MakeAsync(ann, new { label = "audited" });
        using (var nobody = await _server.Client.GetAsync("api/v1/export", DoorServer.Token))
        {
            nobody.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        }

        using var refused = await ann.Http.GetAsync("api/v1/audit", DoorServer.Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
        using var eve = await SignedInAsync("eve");
        var entries = (await eve.Http.GetFromJsonAsync<JsonElement>("api/v1/audit", DoorServer.Token)).GetProperty("entries").EnumerateArray()
            .Select(e => e.GetProperty("text").GetString()!).ToList();

        entries.ShouldContain(e => e.Contains("act: \"ann\"", StringComparison.Ordinal) && e.Contains("POST", StringComparison.Ordinal)
            && e.Contains("/api/v1/devices/press-07/commands", StringComparison.Ordinal) && e.Contains("503", StringComparison.Ordinal) && e.Contains("127.0.0.1", StringComparison.Ordinal));
        entries.ShouldContain(e => e.StartsWith("sign-in refused: \"ann\"", StringComparison.Ordinal));
        entries.ShouldContain(e => e.StartsWith("signed in: \"ann\"", StringComparison.Ordinal));
        entries.ShouldContain(e => e.Contains("token \"made\"", StringComparison.Ordinal) && e.Contains(made.GetProperty("about").GetProperty("id").GetString()!, StringComparison.Ordinal));
        entries.ShouldContain(e => e.StartsWith("refused: \"nobody\"", StringComparison.Ordinal) && e.Contains("/api/v1/export", StringComparison.Ordinal));
        entries.ShouldNotContain(e => e.Contains(DoorServer.Password, StringComparison.Ordinal));

        var ofBob = await eve.Http.GetFromJsonAsync<JsonElement>("api/v1/audit?user=eve&limit=1", DoorServer.Token);
        ofBob.GetProperty("entries").GetArrayLength().ShouldBe(1);
        ofBob.GetProperty("entries")[0].GetProperty("properties").GetProperty("UserName").GetString().ShouldBe("eve");
    }

    private async Task<DoorServer.Browser> SignedInAsync(string user)
    {
        var browser = _server.NewBrowser();
        using var answer = await browser.SignInAsync(user);
        answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        await browser.UseAntiforgeryAsync();
        return browser;
    }

    private static async Task<JsonElement> MakeAsync(DoorServer.Browser browser, object request)
    {
        using var response = await browser.Http.PostAsJsonAsync("api/v1/tokens", request, DoorServer.Token);
        response.StatusCode.ShouldBe(HttpStatusCode.Created, await response.Content.ReadAsStringAsync(DoorServer.Token));
        return await response.Content.ReadFromJsonAsync<JsonElement>(DoorServer.Token);
    }

    private static async Task<HttpStatusCode> PostAsync(HttpClient client, object request)
    {
        using var response = await client.PostAsJsonAsync("api/v1/tokens", request, DoorServer.Token);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client)
    {
        using var response = await client.GetAsync("api/v1/devices", DoorServer.Token);
        return response.StatusCode;
    }

    private static async Task<HttpStatusCode> CommandAsync(HttpClient client)
    {
        using var response = await client.PostAsJsonAsync("api/v1/devices/press-07/commands", new { name = "stop" }, DoorServer.Token);
        return response.StatusCode;
    }
}
