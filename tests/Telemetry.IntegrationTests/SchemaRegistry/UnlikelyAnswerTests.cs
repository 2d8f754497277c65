using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>Answers that no registry gives: nothing is known then, and the next URL is asked.</summary>
public sealed class UnlikelyAnswerTests(RegistryFixture registry) : IClassFixture<RegistryFixture>
{
    private const string Json = "application/json";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(200, "text/html", "<html>Please log in</html>")]
    [InlineData(500, "text/html", "<html>Oh no</html>")]
    [InlineData(503, Json, "{\"error_code\":50301,\"message\":\"no leader\"}")]
    [InlineData(429, "text/plain", "slow down")]
    public async Task The_next_url_is_asked_at_once_and_the_one_that_answered_comes_first_from_then_on(int status, string type, string body)
    {
        await using var peer = await ScriptedPeer.AnswerAsync(status, type, body);
        using var client = new SchemaRegistryClient(Options(peer.Url, registry.Server.Url));
        (await client.FetchSubjectsAsync(Stop)).ShouldNotBeNull();
        (await client.FetchSubjectsAsync(Stop)).ShouldNotBeNull();
        peer.Requests.ShouldBe(1);

        using var alone = new SchemaRegistryClient(Options(peer.Url));
        (await Should.ThrowAsync<SchemaRegistryException>(() => alone.FetchSubjectsAsync(Stop))).IsTransient.ShouldBeTrue();
    }

    [Fact]
    public async Task The_next_url_is_asked_when_the_first_hangs()
    {
        await using var peer = await ScriptedPeer.HangAsync();
        using var client = new SchemaRegistryClient(Options(peer.Url, registry.Server.Url) with { RequestTimeout = TimeSpan.FromSeconds(3) });
        (await client.FetchSubjectsAsync(Stop)).ShouldNotBeNull();
        peer.Requests.ShouldBe(1);
    }

    [Theory]
    [InlineData("text/html", "<html>Not found</html>", 404)]
    [InlineData(Json, "{\"error\":\"no route\"}", 404)]
    [InlineData(Json, "{\"error_code\":404,\"message\":\"HTTP 404 Not Found\"}", 404)]
    [InlineData(Json, "{\"error_code\":40403,\"message\":\"Schema not found\"}", 40403)]
    public async Task Only_the_registry_s_own_word_says_that_a_schema_does_not_exist(string type, string body, int code)
    {
        await using var peer = await ScriptedPeer.AnswerAsync(404, type, body);
        using var client = new SchemaRegistryClient(Options(peer.Url));
        var error = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSchemaAsync(7, Stop));
        (error.Code, error.IsNotFound, error.IsTransient).ShouldBe((code, code > 40400, false));
        error.Message.Contains("base URL", StringComparison.Ordinal).ShouldBe(code == 404);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("7")]
    [InlineData("{\"schema\":null,\"schemaType\":null,\"id\":0,\"version\":0}")]
    [InlineData("{\"id\":\"seven\",\"schema\":[1]}")]
    public async Task An_answer_that_does_not_say_what_was_asked_counts_as_none(string body)
    {
        await using var peer = await ScriptedPeer.AnswerAsync(200, Json, body);
        using var client = new SchemaRegistryClient(Options(peer.Url));
        Func<Task>[] questions =
        [
            () => client.FetchSchemaAsync(7, Stop),
            () => client.LookUpAsync("a-value", "syntax = \"proto3\";", Stop),
            () => client.RegisterAsync("a-value", "syntax = \"proto3\";", Stop),
            () => client.CheckAsync("a-value", "syntax = \"proto3\";", Stop),
        ];
        foreach (var ask in questions)
        {
            var error = await Should.ThrowAsync<SchemaRegistryException>(ask);
            (error.IsTransient, error.IsNotFound).ShouldBe((true, false));
        }
    }

    [Theory]
    [InlineData("AVRO")]
    [InlineData("JSON")]
    [InlineData("THRIFT")]
    public async Task A_schema_of_another_kind_is_no_Protobuf(string type)
    {
        await using var peer = await ScriptedPeer.AnswerAsync(200, Json, "{\"schemaType\":\"" + type + "\",\"schema\":\"x\"}");
        using var client = new SchemaRegistryClient(Options(peer.Url));
        (await client.FetchSchemaAsync(7, Stop)).ShouldBeNull();
    }

    [Theory]
    [InlineData(200)]
    [InlineData(400)]
    public async Task An_answer_that_is_too_large_is_not_read(int status)
    {
        await using var peer = await ScriptedPeer.AnswerAsync(status, Json, "{\"schemaType\":\"PROTOBUF\",\"schema\":\"" + new string('x', 5 << 20) + "\"}");
        using var client = new SchemaRegistryClient(Options(peer.Url));
        var error = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSchemaAsync(7, Stop));
        (error.Code, error.IsTransient).ShouldBe((0, true));
    }

    [Fact]
    public async Task A_question_that_is_cancelled_ends_before_its_time_limit()
    {
        await using var peer = await ScriptedPeer.HangAsync();
        using var client = new SchemaRegistryClient(Options(peer.Url) with { RequestTimeout = TimeSpan.FromMinutes(1) });
        using var cancel = new CancellationTokenSource();
        var question = client.FetchSubjectsAsync(cancel.Token);
        await peer.Asked.WaitAsync(Stop);
        await cancel.CancelAsync();
        await Should.ThrowAsync<OperationCanceledException>(() => question);
    }

    private static SchemaRegistryOptions Options(params Uri[] urls) => new() { Urls = urls, RequestTimeout = TimeSpan.FromSeconds(20) };
}
