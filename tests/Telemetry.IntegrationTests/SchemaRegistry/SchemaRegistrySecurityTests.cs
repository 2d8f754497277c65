using System.Net;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Telemetry.IntegrationTests.Edge;
using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Client;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>A registry behind HTTPS and credentials.</summary>
public sealed class SchemaRegistrySecurityTests(RegistryFixture registry) : IClassFixture<RegistryFixture>, IDisposable
{
    private readonly TestAuthority _authority = new();
    private readonly string _secret = Path.GetTempFileName();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        File.Delete(_secret);
    }

    [Fact]
    public async Task User_and_password_over_https_of_our_own_authority_open_the_registry()
    {
        await using var guarded = await StartAsync("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes("plant:s3cr\u00e9t")));
        await File.WriteAllTextAsync(_secret, "s3cr\u00e9t\n", Stop);
        using var client = new SchemaRegistryClient(Options(guarded) with { UserName = "plant", PasswordFile = _secret });

        var subject = $"test-{Guid.NewGuid():N}-value";
        var id = await client.RegisterAsync(subject, TopicSchema.ReadingBatch.Text, Stop);
        (await client.FetchSchemaAsync(id, Stop)).ShouldNotBeNull().ShouldContain("message ReadingBatch");
    }

    [Fact]
    public async Task Token_is_read_again_so_that_it_can_be_renewed_and_a_wrong_one_is_told()
    {
        await using var guarded = await StartAsync("Bearer second");
        await File.WriteAllTextAsync(_secret, "first\n", Stop);
        using var client = new SchemaRegistryClient(Options(guarded) with { TokenFile = _secret });

        var refused = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSubjectsAsync(Stop));
        (refused.Code, refused.IsTransient).ShouldBe((401, false));
        refused.Message.ShouldContain("SchemaRegistry:UserName, PasswordFile or TokenFile");
        await File.WriteAllTextAsync(_secret, "second\n", Stop);
        (await client.FetchSubjectsAsync(Stop)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Secret_that_is_gone_is_an_error_that_names_file_and_setting()
    {
        await using var guarded = await StartAsync("Bearer any");
        using var client = new SchemaRegistryClient(Options(guarded) with { TokenFile = _secret + ".gone" });

        var error = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSubjectsAsync(Stop));
        error.IsTransient.ShouldBeTrue();
        error.Message.ShouldContain("SchemaRegistry:TokenFile");
        error.Message.ShouldContain(_secret + ".gone");
    }

    [Fact]
    public async Task Certificate_of_an_unknown_authority_is_refused()
    {
        await using var guarded = await StartAsync("Bearer any");
        await File.WriteAllTextAsync(_secret, "any", Stop);
        using var stranger = new TestAuthority();
        foreach (var file in (string?[])[null, stranger.RootFile])
        {
            using var client = new SchemaRegistryClient(Options(guarded) with { TokenFile = _secret, CaFile = file });
            var error = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSubjectsAsync(Stop));
            error.IsTransient.ShouldBeTrue();
            error.Message.ShouldContain("SSL");
        }
    }

    [Fact]
    public async Task Certificate_of_our_authority_for_another_host_is_refused()
    {
        await using var guarded = await StartAsync("Bearer any", IPAddress.Parse("127.0.0.2"));
        await File.WriteAllTextAsync(_secret, "any", Stop);
        using var client = new SchemaRegistryClient(Options(guarded) with { TokenFile = _secret });
        var error = await Should.ThrowAsync<SchemaRegistryException>(() => client.FetchSubjectsAsync(Stop));
        error.IsTransient.ShouldBeTrue();
        error.Message.ShouldContain("SSL");
    }

    private Task<GuardedRegistry> StartAsync(string authorization, IPAddress? address = null)
    {
        var certificate = X509Certificate2.CreateFromPemFile(_authority.ServerPem());
        return GuardedRegistry.StartAsync(registry.Server.Url, certificate, authorization, address);
    }

    private SchemaRegistryOptions Options(GuardedRegistry guarded) => new()
    {
        Urls = [guarded.Url],
        CaFile = _authority.RootFile,
        RequestTimeout = TimeSpan.FromSeconds(20),
    };
}
