using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Query;
using Telemetry.IntegrationTests.Storage;

namespace Telemetry.IntegrationTests.Access;

/// <summary>Text goes out compressed to who takes it; secrets and streams do not.</summary>
[Collection(EngineFixture.Collection)]
public sealed class CompressionTests(QueryStore store) : IClassFixture<QueryStore>, IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("telemetry-door-").FullName;
    private DoorServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        var options = DoorServer.Settings(_folder);
        DoorServer.AddUser(options, "ann", UserRole.Administrator);
        _server = await DoorServer.StartAsync(options, store.ClickHouse, store.Time);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>At least so many times smaller; what was found is in docs/api.md.</summary>
    [Theory]
    [InlineData("openapi/v1.json", "gzip", 5)]
    [InlineData("openapi/v1.json", "br", 5)]
    [InlineData("api/v1/series?device=press-07&sensor=temperature&from=30m&step=raw", "gzip", 3)]
    [InlineData("api/v1/series?device=press-07&sensor=temperature&from=30m&step=raw", "br", 3)]
    [InlineData("api/v1/export?device=press-07&sensor=temperature&from=2h&format=csv", "gzip", 3)]
    [InlineData("api/v1/export?device=press-07&sensor=temperature&from=2h&format=csv", "br", 3)]
    [InlineData("api/v1/export?device=press-07&sensor=temperature&from=2h&format=jsonl", "br", 3)]
    public async Task Answers_of_text_are_smaller_and_say_the_same(string path, string encoding, int times)
    {
        using var client = _server.NewClient(_server.NewToken(UserRole.Administrator));
        using var plain = await client.GetAsync(path, QueryStore.Token);
        plain.StatusCode.ShouldBe(HttpStatusCode.OK);
        plain.Content.Headers.ContentEncoding.ShouldBeEmpty("nobody asked for it");
        var expected = await plain.Content.ReadAsByteArrayAsync(QueryStore.Token);

        using var answer = await GetAsync(client, path, encoding);
        answer.Content.Headers.ContentEncoding.ShouldBe([encoding]);
        answer.Headers.Vary.ShouldContain("Accept-Encoding");
        answer.Headers.ETag.ShouldBe(plain.Headers.ETag);
        var bytes = await answer.Content.ReadAsByteArrayAsync(QueryStore.Token);
        using Stream inner = new MemoryStream(bytes);
        await using Stream stream = encoding == "br" ? new BrotliStream(inner, CompressionMode.Decompress) : new GZipStream(inner, CompressionMode.Decompress);
        using var found = new MemoryStream();
        await stream.CopyToAsync(found, QueryStore.Token);
        TestContext.Current.TestOutputHelper?.WriteLine($"{path}: {expected.Length} bytes, {encoding} {bytes.Length}");
        found.ToArray().ShouldBe(expected);
        (bytes.Length * times).ShouldBeLessThan(expected.Length);
    }

    [Fact]
    public async Task A_client_that_refuses_an_encoding_does_not_get_it()
    {
        using var client = _server.NewClient(_server.NewToken(UserRole.Administrator));
        using var answer = await GetAsync(client, "openapi/v1.json", "br;q=0, gzip;q=0");
        answer.Content.Headers.ContentEncoding.ShouldBeEmpty();
    }

    [Fact]
    public async Task Answers_with_a_secret_beside_a_clients_text_are_not_compressed()
    {
        using var page = await GetAsync(_server.Client, "signin?return=/guess", "br, gzip");
        page.Content.Headers.ContentEncoding.ShouldBeEmpty();
        (await page.Content.ReadAsStringAsync(QueryStore.Token)).ShouldContain("__RequestVerificationToken");

        using var browser = _server.NewBrowser();
        (await browser.SignInAsync("ann")).StatusCode.ShouldBe(HttpStatusCode.Redirect);
        foreach (var path in (string[])["api/v1/session", "api/v1/tokens"])
        {
            using var answer = await GetAsync(browser.Http, path, "br, gzip");
            answer.StatusCode.ShouldBe(HttpStatusCode.OK, path);
            answer.Content.Headers.ContentEncoding.ShouldBeEmpty(path);
        }
    }

    [Fact]
    public async Task Parquet_is_sent_as_it_is()
    {
        using var client = _server.NewClient(_server.NewToken(UserRole.Administrator));
        using var answer = await GetAsync(client, "api/v1/export?device=press-07&sensor=temperature&from=2h&format=parquet", "br, gzip");
        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        answer.Content.Headers.ContentEncoding.ShouldBeEmpty();
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, string encoding)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var one in encoding.Split(", "))
        {
            request.Headers.AcceptEncoding.Add(StringWithQualityHeaderValue.Parse(one));
        }

        return await client.SendAsync(request, QueryStore.Token);
    }
}
