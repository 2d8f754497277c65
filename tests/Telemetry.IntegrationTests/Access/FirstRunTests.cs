using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Telemetry.Edge;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Access;

/// <summary>Without users: open on this machine, and to nobody else by accident. By which names the server is called.</summary>
[Collection(EngineFixture.Collection)]
public sealed class FirstRunTests(QueryStore store) : IClassFixture<QueryStore>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Without_users_this_machine_reads_and_acts_and_is_told_that_it_is_open()
    {
        await using var server = await DoorServer.StartAsync(DoorServer.Settings(_folder, hasUsersFile: false), store.ClickHouse);

        (await StatusAsync(server.Client, "api/v1/devices")).ShouldBe(HttpStatusCode.OK);
        using var act = await server.Client.PostAsJsonAsync("api/v1/devices/press-07/commands", new { name = "stop" }, DoorServer.Token);
        act.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable, "it came to the endpoint, which has no log here");
        var session = await server.Client.GetFromJsonAsync<JsonElement>("api/v1/session", DoorServer.Token);
        session.GetProperty("open").GetBoolean().ShouldBeTrue();
        session.GetProperty("user").GetString().ShouldBe("local");
        (await server.Client.GetStringAsync("signin", DoorServer.Token)).ShouldContain("there are no users yet");
    }

    [Fact]
    public async Task First_user_closes_the_door_at_once_and_taking_it_away_does_not_open_it()
    {
        var options = DoorServer.Settings(_folder);
        await using var server = await DoorServer.StartAsync(options, store.ClickHouse);
        (await StatusAsync(server.Client, "api/v1/devices")).ShouldBe(HttpStatusCode.OK);

        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        await SessionTests.UntilAsync(async () => await StatusAsync(server.Client, "api/v1/devices") == HttpStatusCode.Unauthorized);

        UsersFile.Remove(options.Edge.UsersFile!, "ann");
        await SessionTests.UntilAsync(() => Task.FromResult(!server.Door.Users.Any));
        (await StatusAsync(server.Client, "api/v1/devices")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Users_file_that_cannot_be_used_changes_nothing_while_it_runs_and_ends_a_start()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        await using (var server = await DoorServer.StartAsync(options, store.ClickHouse))
        {
            await File.WriteAllTextAsync(options.Edge.UsersFile!, "ann:@role=king\n", DoorServer.Token);
            server.Door.Users.Reload();
            server.Door.Users.Any.ShouldBeTrue();
            using var browser = server.NewBrowser();
            using var answer = await browser.SignInAsync("ann");
            answer.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        }

        (await Should.ThrowAsync<EdgeConfigurationException>(() => DoorServer.StartAsync(options, store.ClickHouse))).Message.ShouldContain("line 1");
    }

    [Fact]
    public async Task Other_addresses_are_not_opened_without_users_or_being_told_by_name()
    {
        var options = DoorServer.Settings(_folder, hasUsersFile: false) with { Http = new HttpOptions { Address = IPAddress.Any, Port = 0 } };
        (await Should.ThrowAsync<IOException>(() => DoorServer.StartAsync(options, store.ClickHouse))).Message.ShouldContain("Access:AllowAnonymousFromAnywhere");

        await using var open = await DoorServer.StartAsync(
            options with { Access = new AccessOptions { AllowAnonymousFromAnywhere = true } }, store.ClickHouse);
        (await StatusAsync(open.Client, "api/v1/devices")).ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Page_whose_name_was_made_to_point_here_gets_nothing()
    {
        var options = DoorServer.Settings(_folder, hasUsersFile: false);
        await using var server = await DoorServer.StartAsync(
            options with { Access = new AccessOptions { AllowedHosts = ["plant.example", "*.lines.example"] } }, store.ClickHouse);
        foreach (var (host, isOurs) in ((string, bool)[])[
            ("evil.example", false), ("plant.example.evil.example", false), ("plant.example", true), ("a.lines.example", true), ("localhost", true), ("127.0.0.1", true), ("[::1]", true)])
        {
            foreach (var path in (string[])["api/v1/devices", "metrics", "signin", "healthz"])
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, path);
                request.Headers.Host = $"{host}:{server.Address.Port}";
                using var response = await server.Client.SendAsync(request, DoorServer.Token);
                response.StatusCode.ShouldBe(isOurs ? HttpStatusCode.OK : HttpStatusCode.MisdirectedRequest, $"{host} {path}");
            }
        }
    }

    [Fact]
    public async Task Page_of_another_origin_cannot_act_on_an_open_machine()
    {
        await using var server = await DoorServer.StartAsync(DoorServer.Settings(_folder, hasUsersFile: false), store.ClickHouse);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/v1/devices/press-07/commands") { Content = JsonContent.Create(new { name = "stop" }) };
        request.Headers.Add("Origin", "http://evil.example");
        using var response = await server.Client.SendAsync(request, DoorServer.Token);
        response.StatusCode.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, DoorServer.Token);
        return response.StatusCode;
    }
}
