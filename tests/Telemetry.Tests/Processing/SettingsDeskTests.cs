using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Processing.Settings;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Processing;

public sealed class SettingsDeskTests : IAsyncDisposable
{
    private const string Topic = "settings";

    private readonly string _directory = Directory.CreateTempSubdirectory("settings-").FullName;
    private readonly JournalLog _log;

    public SettingsDeskTests() => _log = JournalLog.Open(
        new JournalOptions { Directory = Path.Combine(_directory, "journal"), FreeBytesMin = 0, CommitInterval = TimeSpan.Zero },
        NullLoggerFactory.Instance,
        TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Writers_at_once_give_versions_without_holes_and_every_reader_sees_the_same()
    {
        await using var first = await DeskAsync();
        await using var second = await DeskAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? first : second).PutAsync(
            Encoding.UTF8.GetBytes($$"""{ "tags": { "t{{i}}": [] } }"""), "test", "api", "", null, Cancel)));
        var (one, two) = (await first.ReadAsync(Cancel), await second.ReadAsync(Cancel));
        one.Versions.Select(v => v.Number).ShouldBe(Enumerable.Range(1, 20).Reverse());
        two.Versions.Select(v => v.Id).ShouldBe(one.Versions.Select(v => v.Id));
        one.Versions.Select(v => v.Settings!.Tags.Keys.Single()).Distinct().Count().ShouldBe(20);
        await using var third = await DeskAsync();
        (await third.ReadAsync(Cancel)).Versions.Select(v => v.Id).ShouldBe(one.Versions.Select(v => v.Id));
    }

    [Fact]
    public async Task A_change_made_on_an_older_version_is_refused()
    {
        await using var desk = await DeskAsync();
        (await desk.PutAsync("{}"u8.ToArray(), "anna", "api", "first", 0, Cancel)).Number.ShouldBe(1);
        var error = await Should.ThrowAsync<SettingsConflictException>(desk.PutAsync("{}"u8.ToArray(), "ben", "api", "", 0, Cancel));
        error.Found.ShouldBe(1);
        (await desk.ReadAsync(Cancel)).Versions.ShouldHaveSingleItem().By.ShouldBe("anna");
    }

    [Fact]
    public async Task A_document_that_cannot_be_used_is_not_written()
    {
        await using var desk = await DeskAsync();
        await Should.ThrowAsync<DetectorSettingsException>(desk.PutAsync("""{ "rule": [] }"""u8.ToArray(), "anna", "api", "", null, Cancel));
        (await desk.ReadAsync(Cancel)).LastNumber.ShouldBe(0);
    }

    [Fact]
    public async Task A_file_is_put_in_force_once_and_again_when_it_has_changed()
    {
        await using var desk = await DeskAsync();
        var file = Path.Combine(_directory, "settings.json");
        await File.WriteAllTextAsync(file, """{ "rules": [] }""", Cancel);
        (await ApplyAsync(file))!.Number.ShouldBe(1);
        (await ApplyAsync(file)).ShouldBeNull();

        // What the API has set since stays until the file changes.
        await desk.PutAsync("{}"u8.ToArray(), "anna", "api", "", null, Cancel);
        (await ApplyAsync(file)).ShouldBeNull();
        await File.WriteAllTextAsync(file, """{ "rules": [ ] }""", Cancel);
        (await ApplyAsync(file))!.Number.ShouldBe(3);
    }

    private Task<SettingsVersion?> ApplyAsync(string file) => SettingsFile.ApplyAsync(_log, Topic, file, NullLogger.Instance, TimeProvider.System, Cancel);

    private async Task<SettingsDesk> DeskAsync()
    {
        await _log.EnsureTopicsAsync([new TopicSpec(Topic, 1, Compacted: true)], Cancel);
        var desk = new SettingsDesk(_log, Topic, NullLogger.Instance, TimeProvider.System);
        desk.Start();
        return desk;
    }
}
