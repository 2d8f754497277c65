using Telemetry.Contracts.Readings;
using Telemetry.Contracts.Wire;
using Telemetry.SchemaRegistry;
using Telemetry.SchemaRegistry.Resolution;
using Telemetry.SchemaRegistry.Client;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.SchemaRegistry;

/// <summary>Ids and layouts over a real registry that goes away, hangs and comes back.</summary>
public sealed class SchemaDirectoryTests : IAsyncLifetime
{
    private static readonly TopicSchema[] Written = [TopicSchema.ReadingBatch, TopicSchema.DeadLetter];

    private readonly string _cache = Directory.CreateTempSubdirectory("telemetry-schemas-").FullName;
    private readonly WarningLog _log = new();
    private RegistryServer _server = null!;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipWhen(RegistryServer.MissingReason(own: true) is not null, RegistryServer.MissingReason(own: true) ?? "");
        _server = await RegistryServer.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Directory.Delete(_cache, recursive: true);
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    [Fact]
    public async Task Ids_outlive_the_registry_and_what_is_new_is_decided_by_its_bytes_until_it_is_back()
    {
        int readings;
        await using (var first = await OpenAsync())
        {
            readings = first.IdOf(TopicSchema.ReadingBatch);
            first.IdOf(TopicSchema.DeadLetter).ShouldNotBe(readings);
            first.Find(readings).ShouldBe(ReadingBatchVersion.V1);
        }

        var later = await RegisterAsync("later", TopicSchema.ReadingBatchV2.Text);
        await _server.KillAsync();
        await using var second = await OpenAsync();
        second.IdOf(TopicSchema.ReadingBatch).ShouldBe(readings);
        second.Find(readings).ShouldBe(ReadingBatchVersion.V1);
        second.Find(later).ShouldBe(ReadingBatchVersion.Undecided);

        await _server.RestartAsync();
        await UntilAsync(() => second.Find(later) == ReadingBatchVersion.V2);
    }

    [Fact]
    public async Task A_first_start_without_the_registry_writes_provisional_ids_until_it_answers()
    {
        await _server.PauseAsync();
        await using var directory = await OpenAsync(o => o with { StartTimeout = TimeSpan.FromMilliseconds(100) });
        directory.IdOf(TopicSchema.ReadingBatch).ShouldBe(SchemaIds.Provisional(SchemaIds.ReadingBatch));
        directory.Find(directory.IdOf(TopicSchema.ReadingBatch)).ShouldBe(ReadingBatchVersion.V1);
        var changed = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        directory.IdChanged += (schema, id) =>
        {
            if (schema == TopicSchema.ReadingBatch)
            {
                changed.TrySetResult(id);
            }
        };

        await _server.ResumeAsync();
        var given = await changed.Task.WaitAsync(TimeSpan.FromMinutes(1), Stop);
        directory.IdOf(TopicSchema.ReadingBatch).ShouldBe(given);
        given.ShouldBeLessThan(1000);
    }

    [Fact]
    public async Task A_registry_that_hangs_later_slows_nobody_but_the_first_to_ask()
    {
        await using var directory = await OpenAsync(o => o with { RequestTimeout = TimeSpan.FromMilliseconds(500) });
        var readings = directory.IdOf(TopicSchema.ReadingBatch);
        var later = await RegisterAsync("later", TopicSchema.ReadingBatchV2.Text);
        await _server.PauseAsync();
        for (var i = 0; i < 1000; i++)
        {
            directory.Find(later).ShouldBe(ReadingBatchVersion.Undecided);
            directory.Find(readings).ShouldBe(ReadingBatchVersion.V1);
        }

        await _server.ResumeAsync();
        await UntilAsync(() => directory.Find(later) == ReadingBatchVersion.V2);
    }

    [Fact]
    public async Task An_id_is_judged_by_the_schema_behind_it()
    {
        await using var directory = await OpenAsync(o => o with { MissingIdPatience = TimeSpan.Zero, AutoRegister = false });

        // Filler, so that no id below is one of the released ones.
        await RegisterAsync("filler", "syntax = \"proto3\"; message Filler { string a = 1; }");
        var wider = await RegisterAsync(
            "wider", TopicSchema.ReadingBatch.Text.Replace("repeated Quality qualities = 9;", "repeated Quality qualities = 9; string site = 10;", StringComparison.Ordinal));
        var next = await RegisterAsync("next", TopicSchema.ReadingBatchV2.Text);
        var broken = await RegisterAsync(
            "broken", TopicSchema.ReadingBatch.Text.Replace("repeated double values = 8", "repeated string values = 8", StringComparison.Ordinal));
        var foreign = await RegisterAsync("foreign", "syntax = \"proto3\"; package acme; message Pump { string name = 1; }");

        directory.Find(wider).ShouldBe(ReadingBatchVersion.V1);
        directory.Find(next).ShouldBe(ReadingBatchVersion.V2);
        directory.Find(broken).ShouldBe(ReadingBatchVersion.Unknown);
        directory.Find(foreign).ShouldBe(ReadingBatchVersion.Unknown);
        directory.Find(987_654).ShouldBe(ReadingBatchVersion.Unknown);
        _log.Warnings.ShouldContain(w => w.Id == 9006 && w.Text.Contains("acme.Pump", StringComparison.Ordinal));

        // Judged once and for all: a replay decides alike, on this machine also without the registry.
        await _server.KillAsync();
        await using var again = await OpenAsync(o => o with { StartTimeout = TimeSpan.Zero });
        again.Find(foreign).ShouldBe(ReadingBatchVersion.Unknown);
        again.Find(987_654).ShouldBe(ReadingBatchVersion.Unknown);
        again.Find(wider).ShouldBe(ReadingBatchVersion.V1);
    }

    [Fact]
    public async Task Without_the_right_to_register_ids_come_when_somebody_else_has()
    {
        await using var directory = await OpenAsync(o => o with { AutoRegister = false, RetryMax = TimeSpan.FromMilliseconds(100) });
        directory.IdOf(TopicSchema.ReadingBatch).ShouldBe(SchemaIds.Provisional(SchemaIds.ReadingBatch));
        _log.Warnings.ShouldContain(w => w.Id == 9003 && w.Text.Contains("telemetry schemas apply", StringComparison.Ordinal));
        using var client = new SchemaRegistryClient(Options());
        var id = await client.RegisterAsync(TopicSchema.ReadingBatch.Subject, TopicSchema.ReadingBatch.Text, Stop);
        await UntilAsync(() => directory.IdOf(TopicSchema.ReadingBatch) == id);
    }

    [Fact]
    public async Task A_damaged_cache_is_told_of_and_ignored_and_two_directories_share_one()
    {
        await using var first = await OpenAsync();
        await using var second = await OpenAsync();
        second.IdOf(TopicSchema.ReadingBatch).ShouldBe(first.IdOf(TopicSchema.ReadingBatch));
        await UntilAsync(() => Directory.GetFiles(_cache, "*.cache").Length == 1);
        await first.DisposeAsync();
        await second.DisposeAsync();

        var file = Directory.GetFiles(_cache, "*.cache").Single();
        var bytes = await File.ReadAllBytesAsync(file, Stop);
        bytes[^10] ^= 1;
        await File.WriteAllBytesAsync(file, bytes, Stop);
        await using var third = await OpenAsync();
        third.IdOf(TopicSchema.ReadingBatch).ShouldBe(first.IdOf(TopicSchema.ReadingBatch));
        _log.Warnings.ShouldContain(w => w.Id == 9000 && w.Text.Contains(file, StringComparison.Ordinal));
    }

    private async Task<int> RegisterAsync(string name, string text)
    {
        using var client = new SchemaRegistryClient(Options());
        return await client.RegisterAsync($"test-{name}-{Guid.NewGuid():N}", text, Stop);
    }

    private SchemaRegistryOptions Options() => new()
    {
        Urls = [_server.Url],
        CacheDirectory = _cache,
        RequestTimeout = TimeSpan.FromSeconds(5),
        StartTimeout = TimeSpan.FromSeconds(20),
        RetryMin = TimeSpan.FromMilliseconds(50),
        RetryMax = TimeSpan.FromMilliseconds(500),
    };

    private Task<SchemaDirectory> OpenAsync(Func<SchemaRegistryOptions, SchemaRegistryOptions>? change = null) =>
        SchemaDirectory.OpenAsync((change ?? (o => o))(Options()), Written, _log, TimeProvider.System, Stop);

    private static async Task UntilAsync(Func<bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while (!condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
