using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Observability.Lag;
using Telemetry.Streams;
using Telemetry.Streams.Journal;

namespace Telemetry.Tests.Observability;

public sealed class LagSamplerTests : IAsyncLifetime
{
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    private readonly string _directory = Directory.CreateTempSubdirectory("lag-").FullName;
    private readonly TelemetryOptions _options = new() { Log = new LogOptions { Partitions = 2 } };
    private JournalLog _log = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _log = JournalLog.Open(
            new JournalOptions { Directory = _directory, FreeBytesMin = 0 }, NullLoggerFactory.Instance, TimeProvider.System);
        await _log.EnsureTopicsAsync(Topics.Catalogue(_options.Log), Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public async Task Every_group_of_the_roles_asked_for_is_measured_in_every_partition()
    {
        var sample = await SampleAsync(Roles.All, []);

        sample.Groups.Count.ShouldBe(10 * 2);
        sample.Groups.ShouldAllBe(l => l.Records == 0 && l.Committed == null);
        (await SampleAsync(Roles.Process, [])).Groups.Select(l => l.Group).Distinct().ShouldBe([_options.Processing.Group]);
    }

    [Fact]
    public async Task Watermark_stands_the_allowed_delay_before_the_oldest_record_not_done()
    {
        var oldest = await AppendAsync(partition: 1, TimeSpan.FromHours(1), TimeSpan.FromMinutes(30));

        var marks = (await SampleAsync(Roles.Process, [])).Watermarks.ToDictionary(w => w.Partition);

        marks[1].Stage.ShouldBe("processed");
        marks[1].Time.ShouldBe(oldest - _options.Lag.AllowedDelay, Slack);
        marks[1].Time.ShouldBeLessThanOrEqualTo(oldest - _options.Lag.AllowedDelay);
    }

    [Fact]
    public async Task Partition_without_anything_left_is_done_up_to_now()
    {
        var began = DateTimeOffset.UtcNow;

        var marks = (await SampleAsync(Roles.Process, [])).Watermarks;

        marks.Count.ShouldBe(2);
        marks.ShouldAllBe(w => w.Lag == _options.Lag.AllowedDelay);
        marks.ShouldAllBe(w => w.Time >= began - _options.Lag.AllowedDelay);
    }

    [Fact]
    public async Task Raw_rows_are_done_before_the_rollups_and_their_checkpoint()
    {
        await AppendAsync(partition: 0, TimeSpan.FromHours(1), TimeSpan.FromMinutes(30));

        var sample = await SampleAsync(
            Roles.Store, [new StoredProgress(0, RawNext: 2, RolledUpNext: 1)]);

        var lags = sample.Watermarks.Where(w => w.Partition == 0).ToDictionary(w => w.Stage, w => w.Lag - _options.Lag.AllowedDelay);
        lags["stored"].ShouldBe(TimeSpan.Zero);
        lags["rolled_up"].ShouldBe(TimeSpan.FromMinutes(30), Slack);
        sample.Groups.First(l => l.Group == _options.Sink.Group).Age.ShouldBe(TimeSpan.FromHours(1), Slack);
    }

    /// <summary>Appends records of these ages; the time of the first.</summary>
    private async Task<DateTimeOffset> AppendAsync(int partition, params TimeSpan[] ages)
    {
        var now = DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds());
        await using var producer = _log.CreateProducer(new ProducerOptions());
        foreach (var age in ages)
        {
            producer.TryAppend(
                new NewRecord
                {
                    Topic = LogTopics.Readings,
                    Partition = partition,
                    Value = "r"u8,
                    TimestampMs = (now - age).ToUnixTimeMilliseconds(),
                },
                null, 0).ShouldBeTrue();
        }

        await producer.FlushAsync(Cancel);
        return now - ages[0];
    }

    private ValueTask<LagSample> SampleAsync(Roles roles, IReadOnlyList<StoredProgress> progress) =>
        new LagSampler(
            _log, ConsumerGroups.Of(_options, roles), () => progress, _options.Lag.AllowedDelay, TimeProvider.System).SampleAsync(Cancel);
}
