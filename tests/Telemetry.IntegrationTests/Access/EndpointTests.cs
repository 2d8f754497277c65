using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Routing;
using Telemetry.Edge.Security.Users;
using Telemetry.Host.Access;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Access;

/// <summary>Every endpoint that is served, asked by nobody and by each role, against the table.</summary>
[Collection(EngineFixture.Collection)]
public sealed class EndpointTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private DoorServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        _server = await DoorServer.StartAsync(options, store.ClickHouse);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Every_endpoint_is_in_the_table_and_the_table_has_no_other()
    {
        var served = _server.Endpoints.SelectMany(e => Methods(e).Select(m => (Method: m, Pattern: AccessTable.PatternOf(e)!))).ToList();

        served.Count.ShouldBeGreaterThan(20);
        served.Where(e => AccessTable.Find(e.Method, e.Pattern) is null).ShouldBeEmpty("give each a line in AccessTable");
        AccessTable.All.Where(e => !e.Pattern.Contains("grpc", StringComparison.Ordinal) && !e.Pattern.StartsWith("/telemetry.stream", StringComparison.Ordinal) && !served.Any(s => s.Pattern == e.Pattern && (e.Method == "*" || e.Method == s.Method))).ShouldBeEmpty("nobody serves these");
    }

    [Fact]
    public async Task Nobody_gets_401_everywhere_but_at_health_and_the_sign_in_page()
    {
        var tried = new StringBuilder();
        foreach (var (method, pattern, path) in Requests())
        {
            using var response = await SendAsync(_server.Client, method, path);
            var entry = AccessTable.Find(method, pattern)!;
            tried.AppendLine(System.Globalization.CultureInfo.InvariantCulture, $"{(int)response.StatusCode} {method} {path} ({entry.Need})");
            if (entry.Need is Need.Anyone or Need.Broker or Need.Metrics)
            {
                response.StatusCode.ShouldNotBeOneOf([HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden], $"{method} {path}");
            }
            else
            {
                response.StatusCode.ShouldBe(HttpStatusCode.Unauthorized, $"{method} {path}");
                response.Headers.WwwAuthenticate.ToString().ShouldStartWith("Bearer");
                response.Content.Headers.ContentType!.MediaType.ShouldBe("application/problem+json");
            }
        }

        TestContext.Current.TestOutputHelper!.WriteLine(tried.ToString());
    }

    [Fact]
    public async Task Each_role_gets_what_it_needs_and_403_beyond_it()
    {
        foreach (var role in Enum.GetValues<UserRole>())
        {
            using var client = _server.NewClient(_server.NewToken(role));
            foreach (var (method, pattern, path) in Requests())
            {
                using var response = await SendAsync(client, method, path);
                var needed = AccessTable.Find(method, pattern)!.Need.Role();
                if (needed > role)
                {
                    response.StatusCode.ShouldBe(HttpStatusCode.Forbidden, $"{role}: {method} {path}");
                }
                else if (!(pattern.StartsWith("/api/v1/tokens", StringComparison.Ordinal) && method == "POST"))
                {
                    response.StatusCode.ShouldNotBeOneOf([HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden], $"{role}: {method} {path}");
                }
            }
        }
    }

    [Fact]
    public async Task Browser_that_wants_a_page_is_sent_to_sign_in_and_comes_back()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "?a=1");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        using var response = await _server.Client.SendAsync(request, DoorServer.Token);

        response.StatusCode.ShouldBe(HttpStatusCode.Redirect);
        response.Headers.Location!.ToString().ShouldBe("/signin?return=%2F%3Fa%3D1");
    }

    [Fact]
    public async Task Every_answer_tells_browsers_not_to_sniff_frame_or_run_what_is_not_ours()
    {
        foreach (var path in (string[])["signin", "healthz", "api/v1/devices", "metrics", "nothing"])
        {
            using var response = await _server.Client.GetAsync(path, DoorServer.Token);
            response.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"], path);
            response.Headers.GetValues("X-Frame-Options").ShouldBe(["DENY"], path);
            var policy = response.Headers.GetValues("Content-Security-Policy").Single();
            policy.ShouldContain("frame-ancestors 'none'", Case.Sensitive, path);
            policy.ShouldNotContain("unsafe");
        }
    }

    [Fact]
    public async Task OpenApi_document_says_how_to_come_in_and_which_role_each_operation_needs()
    {
        using var client = _server.NewClient(_server.NewToken(UserRole.Viewer));
        using var document = System.Text.Json.JsonDocument.Parse(await client.GetStringAsync("openapi/v1.json", DoorServer.Token));
        var root = document.RootElement;

        root.GetProperty("components").GetProperty("securitySchemes").EnumerateObject().Select(s => s.Name).ShouldBe(["token", "session"], ignoreOrder: true);
        root.GetProperty("security").GetArrayLength().ShouldBe(2);
        var paths = root.GetProperty("paths");
        paths.GetProperty("/api/v1/audit").GetProperty("get").GetProperty("description").GetString()!.ShouldEndWith("Needs the role administrator.");
        foreach (var operation in paths.EnumerateObject().SelectMany(p => p.Value.EnumerateObject()))
        {
            operation.Value.GetProperty("description").GetString()!.ShouldContain("Needs the role ");
            operation.Value.GetProperty("responses").TryGetProperty("401", out _).ShouldBeTrue();
        }
    }

    [Fact]
    public async Task Metrics_are_for_this_machine_for_viewers_and_for_the_token_that_is_for_nothing_else()
    {
        var file = Path.Combine(_folder, "metrics-token");
        await File.WriteAllTextAsync(file, "a-token-for-metrics-only\n", DoorServer.Token);
        var options = DoorServer.Settings(_folder);
        await using var server = await DoorServer.StartAsync(options with { Access = options.Access with { MetricsTokenFile = file } }, store.ClickHouse);

        (await StatusAsync(server.Client, "metrics")).ShouldBe(HttpStatusCode.OK);
        using var forwarded = server.NewClient();
        forwarded.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.1");
        (await StatusAsync(forwarded, "metrics")).ShouldBe(HttpStatusCode.Unauthorized, "a proxy on this machine speaks for everybody");
        using var scraper = server.NewClient("a-token-for-metrics-only");
        scraper.DefaultRequestHeaders.Add("X-Forwarded-For", "192.0.2.1");
        (await StatusAsync(scraper, "metrics")).ShouldBe(HttpStatusCode.OK);
        (await StatusAsync(scraper, "api/v1/devices")).ShouldBe(HttpStatusCode.Forbidden);
        using var wrong = server.NewClient("a-token-for-metrics-onlY");
        (await StatusAsync(wrong, "metrics")).ShouldBe(HttpStatusCode.Unauthorized);
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, DoorServer.Token);
        return response.StatusCode;
    }

    private static async Task<HttpResponseMessage> SendAsync(HttpClient client, string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path.TrimStart('/'));
        if (method != "GET")
        {
            request.Content = new StringContent("{}", Encoding.UTF8, "application/json");
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, DoorServer.Token);
    }

    private IEnumerable<(string Method, string Pattern, string Path)> Requests() => _server.Endpoints.SelectMany(e => Methods(e).Select(m =>
    {
        var pattern = AccessTable.PatternOf(e)!;
        return (m, pattern, pattern
            .Replace("{device}", "press-07", StringComparison.Ordinal)
            .Replace("{sensor}", "temperature", StringComparison.Ordinal)
            .Replace("{id}", "0123456789abcdef0123456789abcdef", StringComparison.Ordinal)
            .Replace("{documentName}", "v1", StringComparison.Ordinal)
            .Replace("{**file}", "index.html", StringComparison.Ordinal)
            .Replace("{**path}", "nothing", StringComparison.Ordinal));
    }));

    private static IReadOnlyList<string> Methods(RouteEndpoint endpoint) => endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } methods
        ? methods
        : ["GET", "POST"];
}
