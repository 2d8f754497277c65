using System.Globalization;
using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Query.Alarms;
using Telemetry.Query.Setup;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Query;

/// <summary>Rules put by several writers at once: of those who saw one version, one puts the next.</summary>
public sealed class AlarmRulesRaceTests : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("alarm-rules-").FullName;
    private readonly JournalLog _log;
    private readonly CancellationTokenSource _stop = new();
    private readonly List<(AlarmDesk Desk, Task Follower)> _desks = [];

    public AlarmRulesRaceTests() => _log = JournalLog.Open(
        new JournalOptions { Directory = Path.Combine(_directory, "journal"), FreeBytesMin = 0, CommitInterval = TimeSpan.Zero },
        NullLoggerFactory.Instance,
        TimeProvider.System);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        foreach (var (desk, follower) in _desks)
        {
            await follower.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            await desk.DisposeAsync();
        }

        await _log.DisposeAsync();
        _stop.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Of_writers_that_saw_the_same_version_exactly_one_puts_the_next()
    {
        var (first, second) = (await OpenAsync(), await OpenAsync());
        for (var version = 0UL; version < 10; version++)
        {
            var seen = version;
            var puts = await Task.WhenAll(Enumerable.Range(0, 8).Select(i => TryPutAsync(i % 2 == 0 ? first : second, i, seen)));
            var winner = puts.OfType<AlarmRulesRecord>().ShouldHaveSingleItem();
            winner.Version.ShouldBe(version + 1);
            foreach (var desk in (AlarmDesk[])[first, second, await OpenAsync()])
            {
                // Asked with a condition that nothing fulfils: what it has read is what is in force.
                await Should.ThrowAsync<InvalidOperationException>(PutAsync(desk, 0, ulong.MaxValue));
                (desk.Rules.Version, desk.Rules.By).ShouldBe((winner.Version, winner.By));
            }
        }
    }

    [Fact]
    public async Task Writers_without_a_condition_all_put_theirs_one_after_the_other()
    {
        var (first, second) = (await OpenAsync(), await OpenAsync());
        var puts = await Task.WhenAll(Enumerable.Range(0, 12).Select(i => PutAsync(i % 2 == 0 ? first : second, i, null)));
        puts.Select(p => p.Version).Order().ShouldBe(Enumerable.Range(1, 12).Select(v => (ulong)v));
    }

    [Fact]
    public void Rules_of_a_release_with_one_key_are_read_and_followed()
    {
        var book = new AlarmRulesBook();
        book.Take("rules"u8, Record(1).ToArray()).ShouldNotBeNull();
        book.Take("rules"u8, Record(4).ToArray()).ShouldNotBeNull().Version.ShouldBe(4UL);
        var next = new AlarmRulesRecord { Version = 5 };
        var key = AlarmRulesBook.NewKey(next);
        var records = book.RecordsOf(next, key);
        records.Count(r => r.Value.Length == 0 && r.Key.AsSpan().SequenceEqual("rules"u8)).ShouldBe(1);
        records.Select(r => book.Take(r.Key, r.Value)).OfType<AlarmRulesRecord>().ShouldHaveSingleItem().Version.ShouldBe(5UL);
        book.HasCounted(key).ShouldBeTrue();

        // A writer that was slow changes nothing, not even after the winner's record is gone.
        book.Take(AlarmRulesBook.NewKey(next), Record(5).ToArray()).ShouldBeNull();
        book.Take(AlarmRulesBook.NewKey(next), Record(4).ToArray()).ShouldBeNull();
        book.Version.ShouldBe(5UL);
    }

    private static ReadOnlyMemory<byte> Record(ulong version) => Google.Protobuf.MessageExtensions.ToByteArray(new AlarmRulesRecord { Version = version });

    private static async Task<AlarmRulesRecord?> TryPutAsync(AlarmDesk desk, int writer, ulong seen)
    {
        try
        {
            return await PutAsync(desk, writer, seen);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static Task<AlarmRulesRecord> PutAsync(AlarmDesk desk, int writer, ulong? seen)
    {
        var name = writer.ToString(CultureInfo.InvariantCulture);
        var document = Encoding.UTF8.GetBytes($$"""{"rules": [{"name": "hot-{{name}}", "type": "threshold", "sensor": "oil", "above": 90}]}""");
        return desk.PutRulesAsync(document, name, "", version => Demand(version, seen), Cancel);
    }

    private static void Demand(ulong version, ulong? seen)
    {
        if (seen is { } wanted && wanted != version)
        {
            throw new InvalidOperationException("changed");
        }
    }

    private async Task<AlarmDesk> OpenAsync()
    {
        await _log.EnsureTopicsAsync(
            [new TopicSpec(LogTopics.AlarmState, 1, Compacted: true), new TopicSpec(LogTopics.AlarmRules, 1, Compacted: true), new TopicSpec(LogTopics.Alarms, 1)], Cancel);
        var desk = new AlarmDesk(_log, new QueryOptions(), TimeProvider.System, NullLogger.Instance);
        _desks.Add((desk, desk.RunAsync(_stop.Token)));
        return desk;
    }
}
