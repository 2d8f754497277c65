using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Edge;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Access;

/// <summary>Services: by client certificate as on MQTT, and by JSON Web Tokens of an issuer.</summary>
[Collection(EngineFixture.Collection)]
public sealed class ServiceIdentityTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private readonly TestAuthority _authority = new();
    private readonly TokenIssuer _issuer = new();

    public async ValueTask DisposeAsync()
    {
        _authority.Dispose();
        await _issuer.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Client_certificate_is_the_user_of_its_name_until_it_is_taken_back()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.GiveRole(options, "historian", new UserAccess(UserRole.Engineer) { Certificate = true });
        DoorServer.AddUser(options, "ann", UserRole.Viewer);
        var port = FreePorts.Find();
        var none = _authority.RevocationList();
        options = options with
        {
            Http = options.Http with
            {
                Tls = new HttpTlsOptions
                {
                    CertificateFile = _authority.ServerPem(), Port = port, ClientAuthoritiesFile = _authority.RootFile, RevocationListFile = none,
                },
            },
        };
        await using var server = await DoorServer.StartAsync(options, store.ClickHouse);
        using var certificate = _authority.Client("historian");
        using var client = Client(port, certificate);
        var session = await client.GetFromJsonAsync<JsonElement>("api/v1/session", DoorServer.Token);
        session.GetProperty("user").GetString().ShouldBe("historian");
        session.GetProperty("kind").GetString().ShouldBe("certificate");
        session.GetProperty("role").GetString().ShouldBe("engineer");

        // A certificate with the name of a user who comes by password is nobody, and so is one of a name that is no user.
        foreach (var name in (string[])["ann", "stranger"])
        {
            using var other = _authority.Client(name);
            using var stranger = Client(port, other);
            using var answer = await stranger.GetAsync("api/v1/session", DoorServer.Token);
            answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, name);
        }

        _authority.RevocationList(certificate).ShouldBe(none);
        await SessionTests.UntilAsync(async () =>
        {
            using var again = await client.GetAsync("api/v1/session", DoorServer.Token);
            return again.StatusCode == HttpStatusCode.Unauthorized;
        });
    }

    [Fact]
    public async Task Json_web_token_has_the_roles_that_its_claim_stands_for()
    {
        var keys = Path.Combine(_folder, "keys.pem");
        await File.WriteAllTextAsync(keys, _issuer.Pem, DoorServer.Token);
        var options = DoorServer.Settings(_folder, hasUsersFile: false);
        options = options with
        {
            Edge = options.Edge with { Tokens = new() { KeysFile = keys, Issuer = "https://issuer.test", Audience = "telemetry" } },
            Access = new AccessOptions
            {
                RoleClaim = "groups",
                ClaimRoles =
                [
                    new ClaimRoleOptions { Value = "shift", Role = UserRole.Operator, Devices = ["press-08"] },
                    new ClaimRoleOptions { Value = "reader", Role = UserRole.Viewer, Devices = ["old-*"] },
                ],
            },
        };
        await using var server = await DoorServer.StartAsync(options, store.ClickHouse);

        var session = await SessionAsync(server, _issuer.Token("olga", more: ""","groups":["shift","reader","else"]"""));
        session!.Value.GetProperty("user").GetString().ShouldBe("olga");
        session.Value.GetProperty("role").GetString().ShouldBe("operator");
        session.Value.GetProperty("devices").EnumerateArray().Select(d => d.GetString()).ShouldBe(["press-08", "old-*"]);
        (await SessionAsync(server, _issuer.Token("olga", more: ""","groups":"else"}""".TrimEnd('}')))).ShouldBeNull("no role");
        (await SessionAsync(server, _issuer.Token("olga", life: TimeSpan.FromMinutes(-5), more: ""","groups":"shift" """))).ShouldBeNull("expired");
        (await SessionAsync(server, _issuer.Token("olga", algorithm: "none", more: ""","groups":"shift" """))).ShouldBeNull("not signed");
        (await SessionAsync(server, _issuer.Token("olga", audience: "another", more: ""","groups":"shift" """))).ShouldBeNull("for somebody else");
    }

    private static async Task<JsonElement?> SessionAsync(DoorServer server, byte[] token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "api/v1/session");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", Encoding.ASCII.GetString(token));
        using var response = await server.Client.SendAsync(request, DoorServer.Token);
        return response.IsSuccessStatusCode ? await response.Content.ReadFromJsonAsync<JsonElement>(DoorServer.Token) : null;
    }

    private HttpClient Client(int port, X509Certificate2 certificate)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.ClientCertificates = [certificate];
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.Issuer == _authority.Root.Subject;
        return new HttpClient(handler) { BaseAddress = new Uri($"https://127.0.0.1:{port}/") };
    }
}
