using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>The client against a real registry.</summary>
public sealed class SchemaRegistryClientTests(RegistryFixture registry) : IClassFixture<RegistryFixture>
{
    private static readonly string Text = TopicSchema.ReadingBatch.Text;

    private readonly string _subject = $"test-{Guid.NewGuid():N}-value";

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_schema_registered_is_found_by_id_by_text_and_in_the_list()
    {
        using var client = new SchemaRegistryClient(Options());
        var id = await client.RegisterAsync(_subject, Text, Stop);
        (await client.FetchSchemaAsync(id, Stop)).ShouldNotBeNull().ShouldContain("message ReadingBatch");
        (await client.LookUpAsync(_subject, Text, Stop)).ShouldBe((id, 1));
        (await client.RegisterAsync(_subject, Text, Stop)).ShouldBe(id);
        (await client.FetchVersionsAsync(_subject, Stop)).ShouldBe([1]);
        (await client.FetchSubjectsAsync(Stop)).ShouldContain(_subject);
    }

    [Fact]
    public async Task The_rule_takes_what_is_compatible_and_refuses_the_rest_with_a_hint()
    {
        using var client = new SchemaRegistryClient(Options());
        (await client.CheckAsync(_subject, Text, Stop)).IsCompatible.ShouldBeTrue();
        await client.RegisterAsync(_subject, Text, Stop);
        await client.SetCompatibilityAsync(_subject, "FULL_TRANSITIVE", Stop);
        (await client.FetchCompatibilityAsync(_subject, Stop)).ShouldBe("FULL_TRANSITIVE");

        var wider = Text.Replace("repeated Quality qualities = 9;", "repeated Quality qualities = 9;\n  string site = 10;", StringComparison.Ordinal);
        (await client.CheckAsync(_subject, wider, Stop)).IsCompatible.ShouldBeTrue();
        await client.RegisterAsync(_subject, wider, Stop);
        (await client.FetchVersionsAsync(_subject, Stop)).ShouldBe([1, 2]);

        var other = Text.Replace("repeated double values = 8", "repeated string values = 8", StringComparison.Ordinal);
        var (isCompatible, reasons) = await client.CheckAsync(_subject, other, Stop);
        isCompatible.ShouldBeFalse();
        reasons.ShouldNotBeEmpty();
        var refused = await Should.ThrowAsync<SchemaRegistryException>(() => client.RegisterAsync(_subject, other, Stop));
        refused.Code.ShouldBe(409);
        refused.IsTransient.ShouldBeFalse();
        refused.Message.ShouldContain("telemetry schemas check");
    }

    [Fact]
    public async Task A_transitive_rule_is_checked_against_every_version()
    {
        const string Head = "syntax = \"proto3\"; package p; message A { ";
        using var client = new SchemaRegistryClient(Options());
        await client.RegisterAsync(_subject, Head + "int32 a = 1; }", Stop);
        await client.SetCompatibilityAsync(_subject, "NONE", Stop);
        await client.RegisterAsync(_subject, Head + "string b = 2; }", Stop);
        await client.SetCompatibilityAsync(_subject, "BACKWARD_TRANSITIVE", Stop);
        (await client.CheckAsync(_subject, Head + "string a = 1; string b = 2; }", Stop)).IsCompatible.ShouldBeFalse();
    }

    [Fact]
    public async Task What_is_not_there_is_told_apart_from_what_does_not_answer()
    {
        using var client = new SchemaRegistryClient(Options());
        var missing = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSchemaAsync(987_654, Stop));
        missing.Code.ShouldBe(SchemaRegistryException.SchemaNotFound);
        missing.IsNotFound.ShouldBeTrue();

        using var nobody = new SchemaRegistryClient(Options() with { Urls = [Dead] });
        var gone = await Should.ThrowAsync<SchemaRegistryException>(() => nobody.FetchSubjectsAsync(Stop));
        gone.IsTransient.ShouldBeTrue();
        gone.Message.ShouldContain("SchemaRegistry:Urls");
    }

    [Fact]
    public async Task The_next_url_answers_when_the_first_does_not()
    {
        using var client = new SchemaRegistryClient(Options() with { Urls = [Dead, registry.Server.Url] });
        (await client.FetchSubjectsAsync(Stop)).ShouldNotBeNull();
        (await client.FetchSubjectsAsync(Stop)).ShouldNotBeNull();
    }

    private static Uri Dead { get; } = new($"http://127.0.0.1:{FreePorts.Find()}/apis/ccompat/v7");

    private SchemaRegistryOptions Options() => new() { Urls = [registry.Server.Url], RequestTimeout = TimeSpan.FromSeconds(20) };
}
