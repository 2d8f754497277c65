using System.Net;
using System.Text.Json;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Access;

/// <summary>Sign-in by an OpenID Connect provider, from its page and back.</summary>
[Collection(EngineFixture.Collection)]
public sealed class OpenIdTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private OpenIdProvider _provider = null!;
    private DoorServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _provider = await OpenIdProvider.StartAsync();
        var options = DoorServer.Settings(_folder, hasUsersFile: false);
        _server = await DoorServer.StartAsync(
            options with
            {
                Access = new AccessOptions
                {
                    RoleClaim = "groups",
                    ClaimRoles =
                    [
                        new ClaimRoleOptions { Value = "plant-shift", Role = UserRole.Operator, Devices = ["press-*"] },
                        new ClaimRoleOptions { Value = "plant-engineers", Role = UserRole.Engineer },
                    ],
                    OpenId = new OpenIdOptions { Authority = _provider.Address, ClientId = OpenIdProvider.ClientId, Label = "Plant account" },
                },
            },
            store.ClickHouse);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        await _provider.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task User_of_the_provider_has_the_role_of_its_groups_and_comes_back_to_where_it_was()
    {
        _provider.Groups = ["everyone", "plant-shift"];
        using var browser = Browser();
        using var answer = await browser.GetAsync("signin/openid?return=%2Fapi%2Fv1%2Fsession", DoorServer.Token);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK, await answer.Content.ReadAsStringAsync(DoorServer.Token));
        answer.RequestMessage!.RequestUri!.AbsolutePath.ShouldBe("/api/v1/session");
        var session = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(DoorServer.Token)).RootElement;
        session.GetProperty("user").GetString().ShouldBe("olga");
        session.GetProperty("role").GetString().ShouldBe("operator");
        session.GetProperty("kind").GetString().ShouldBe("openid");
        session.GetProperty("devices").EnumerateArray().Select(d => d.GetString()).ShouldBe(["press-*"]);
        _provider.Proved.ShouldBe(1);
    }

    [Fact]
    public async Task User_without_a_role_here_does_not_come_in_and_is_told_why()
    {
        _provider.Groups = ["everyone"];
        using var browser = Browser();
        using var answer = await browser.GetAsync("signin/openid", DoorServer.Token);

        answer.RequestMessage!.RequestUri!.PathAndQuery.ShouldBe("/signin?problem=role");
        (await answer.Content.ReadAsStringAsync(DoorServer.Token)).ShouldContain("nobody has given you a role");
        using var refused = await browser.GetAsync("api/v1/devices", DoorServer.Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Answer_that_this_browser_did_not_ask_for_signs_nobody_in()
    {
        _provider.Groups = ["plant-engineers"];
        using var victim = Browser();
        using var answer = await victim.GetAsync("signin/openid/callback?code=abc&state=def", DoorServer.Token);

        answer.RequestMessage!.RequestUri!.PathAndQuery.ShouldBe("/signin?problem=openid");
        using var refused = await victim.GetAsync("api/v1/devices", DoorServer.Token);
        refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Sign_in_page_offers_the_provider_and_no_form_where_nobody_has_a_password()
    {
        var page = await _server.Client.GetStringAsync("signin", DoorServer.Token);
        page.ShouldContain("Plant account");
        page.ShouldNotContain("type=\"password\"");
    }

    private HttpClient Browser() => new(new SocketsHttpHandler { AllowAutoRedirect = true, MaxAutomaticRedirections = 10 }) { BaseAddress = _server.Address };
}
