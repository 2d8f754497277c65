using Microsoft.Extensions.Logging.Abstractions;
using Telemetry.Contracts;
using Telemetry.Processing.Pipeline;
using Telemetry.Processing.Settings;
using Telemetry.Streams;

namespace Telemetry.Tests.Processing;

public class ReadingProcessorTests
{
    [Fact]
    public async Task What_comes_out_of_the_journal_is_what_a_run_in_memory_gives()
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed: 1, records: 3000);
        (await fixture.LiveAsync(new StepLog(fixture.Log, _ => { }))).ShouldBeTrue();
        var described = await fixture.DescribeAsync();
        described.ShouldContain(LogTopics.Anomalies);
        described.ShouldContain(LogTopics.DeviceEvents);
        described.ShouldContain(LogTopics.DeadLetters);
        ShouldBeSame(described, await fixture.ExpectAsync());
    }

    [Theory]
    [InlineData(11)]
    [InlineData(12)]
    [InlineData(13)]
    [InlineData(14)]
    public async Task Killed_at_any_step_and_started_again_it_gives_the_same_outputs_and_state(int seed)
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed, records: 1500);
        var random = new Random(seed);
        var killed = new Dictionary<LogStep, int>();
        for (var lives = 0; lives < 60; lives++)
        {
            LogStep[] steps =
                [LogStep.Poll, LogStep.Polled, LogStep.Begin, LogStep.Append, LogStep.SendOffsets, LogStep.Commit, LogStep.Committed];
            var target = steps[random.Next(steps.Length)];
            var left = random.Next(1, target == LogStep.Append ? 40 : 5);
            StepLog? log = null;
            log = new StepLog(fixture.Log, step =>
            {
                if (step == target && Interlocked.Decrement(ref left) == 0)
                {
                    killed[step] = killed.GetValueOrDefault(step) + 1;
                    log!.Die();
                }
            });
            if (await fixture.LiveAsync(log))
            {
                break;
            }
        }

        (await fixture.LiveAsync(new StepLog(fixture.Log, _ => { }))).ShouldBeTrue();
        killed.Count.ShouldBeGreaterThan(3);
        ShouldBeSame(await fixture.DescribeAsync(), await fixture.ExpectAsync());
    }

    [Theory]
    [InlineData(61)]
    [InlineData(62)]
    public async Task Settings_that_change_while_it_is_killed_are_in_force_where_the_log_says(int seed)
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed, records: 1500);
        await fixture.Log.EnsureTopicsAsync([new TopicSpec(LogTopics.DetectorSettings, 1, Compacted: true)], ProcessorFixture.Cancel);
        await using var desk = new SettingsDesk(fixture.Log, LogTopics.DetectorSettings, NullLogger.Instance, TimeProvider.System);
        desk.Start();
        string[] documents =
        [
            """{ "rules": [{ "device": "*1", "detectors": [{ "detector": "iid-spike", "pvalueHistoryLength": 5 }] }] }""",
            """{ "rules": [{ "sensor": "a", "detectors": ["default", { "detector": "iid-change-point", "changeHistoryLength": 5 }] }] }""",
            """{ "outOfService": [{ "device": "d2" }], "rules": [{ "device": "d3", "detectors": [] }] }""",
            "{}",
        ];
        var random = new Random(seed);
        var done = false;
        for (var lives = 0; lives < 40 && !done; lives++)
        {
            // Written beside the processing, so that it is taken up wherever that happens to be.
            var put = desk.PutAsync(
                System.Text.Encoding.UTF8.GetBytes(documents[lives % documents.Length]), "test", "api", "", null, ProcessorFixture.Cancel);
            var target = lives % 3 == 0 ? LogStep.Append : LogStep.Committed;
            var left = target == LogStep.Append ? random.Next(20, 200) : random.Next(1, 6);
            StepLog? log = null;
            log = new StepLog(fixture.Log, step =>
            {
                if (step == target && Interlocked.Decrement(ref left) == 0)
                {
                    log!.Die();
                }
            });
            done = await fixture.LiveAsync(log);
            await put;
        }

        (await fixture.LiveAsync(new StepLog(fixture.Log, _ => { }))).ShouldBeTrue();
        var pins = (await desk.ReadAsync(ProcessorFixture.Cancel)).Pins;
        pins.Select(pin => pin.Version).Distinct().Count().ShouldBeGreaterThan(2);
        ShouldBeSame(await fixture.DescribeAsync(), await fixture.ExpectAsync());
    }

    [Theory]
    [InlineData(21)]
    [InlineData(22)]
    [InlineData(23)]
    public async Task Transient_faults_of_the_log_at_any_step_change_nothing(int seed)
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed, records: 1500);
        var random = new Random(seed);
        var faults = 0;

        // A poll that has returned records cannot fail any more.
        LogStep[] never = [LogStep.Polled, LogStep.OpenProducer];
        var log = new StepLog(fixture.Log, step =>
        {
            // A partition is not restored, and not started again, when any one of these few questions goes unanswered.
            var chance = step switch
            {
                LogStep.Append => 60,
                LogStep.QueryCommitted or LogStep.QueryOffsets => 3,
                _ => 6,
            };
            lock (random)
            {
                if (!never.Contains(step) && random.Next(chance) == 0)
                {
                    faults++;
                    throw new RecordLogException(RecordLogError.TimedOut, $"No answer at {step}.");
                }
            }
        });
        (await fixture.LiveAsync(log)).ShouldBeTrue();
        faults.ShouldBeGreaterThan(10);
        ShouldBeSame(await fixture.DescribeAsync(), await fixture.ExpectAsync());
    }

    [Fact]
    public async Task Two_members_that_come_and_go_give_the_same_outputs_as_one()
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed: 31, records: 3000);
        var log = new StepLog(fixture.Log, _ => { });
        await using (var first = Member(fixture, log, 0))
        {
            await first.StartAsync(ProcessorFixture.Cancel);
            await log.NextCommit.WaitAsync(TimeSpan.FromSeconds(60), ProcessorFixture.Cancel);
            for (var i = 1; i < 4; i++)
            {
                await using var second = Member(fixture, log, i);
                await second.StartAsync(ProcessorFixture.Cancel);
                await log.NextCommit.WaitAsync(TimeSpan.FromSeconds(60), ProcessorFixture.Cancel);
                await second.StopAsync(ProcessorFixture.Cancel);
            }

            await first.StopAsync(ProcessorFixture.Cancel);
        }

        (await fixture.LiveAsync(new StepLog(fixture.Log, _ => { }))).ShouldBeTrue();
        ShouldBeSame(await fixture.DescribeAsync(), await fixture.ExpectAsync());
    }

    [Fact]
    public async Task A_second_instance_with_the_same_id_stops_the_first()
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed: 41, records: 50);
        var log = new StepLog(fixture.Log, _ => { });
        await using var first = Member(fixture, log, 0);
        await first.StartAsync(ProcessorFixture.Cancel);
        await log.NextCommit.WaitAsync(TimeSpan.FromSeconds(60), ProcessorFixture.Cancel);
        await using var usurper = await fixture.Log.OpenTransactionalProducerAsync(
            "instance-0", new ProducerOptions(), ProcessorFixture.Cancel);
        await fixture.FillAsync(seed: 42, records: 50);
        (await Should.ThrowAsync<RecordLogException>(first.Completion.WaitAsync(TimeSpan.FromSeconds(60), ProcessorFixture.Cancel)))
            .Error.ShouldBe(RecordLogError.Fenced);
    }

    /// <summary>The role ends a processor that failed while it starts the next, and may itself be ended meanwhile.</summary>
    [Fact]
    public async Task It_may_be_ended_by_several_at_once()
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed: 1, records: 100);
        var processor = Member(fixture, new StepLog(fixture.Log, static _ => { }), 1);
        await processor.StartAsync(TestContext.Current.CancellationToken);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () => await processor.DisposeAsync())));
        await processor.DisposeAsync();
        processor.Completion.IsCompleted.ShouldBeTrue();
    }

    [Fact]
    public async Task Partitions_tell_where_they_stand()
    {
        await using var fixture = new ProcessorFixture();
        await fixture.FillAsync(seed: 51, records: 200);
        var log = new StepLog(fixture.Log, _ => { });
        await using var processor = Member(fixture, log, 0);
        await processor.StartAsync(ProcessorFixture.Cancel);
        while (processor.Partitions.Sum(p => p.Committed) < 200)
        {
            await Task.WhenAny(log.NextCommit, processor.Completion).WaitAsync(TimeSpan.FromSeconds(60), ProcessorFixture.Cancel);
        }

        var status = processor.Partitions.ToList();
        status.Select(p => p.Partition).Order().ShouldBe([0, 1]);
        status.ShouldAllBe(p => p.IsReady && p.Watermark != null && p.Devices > 0 && p.Series > 0);
        await processor.StopAsync(ProcessorFixture.Cancel);
        processor.Partitions.ShouldBeEmpty();
    }

    [Fact]
    public async Task When_everything_goes_quiet_the_silence_of_each_device_is_told_and_a_replay_says_the_same()
    {
        const int Devices = 5;
        await using var fixture = new ProcessorFixture(ProcessorFixture.Quick with { SilentAtLeast = TimeSpan.FromMilliseconds(100), State = new() });
        await fixture.FillAsync(seed: 1, records: 0);
        await using (var producer = fixture.Log.CreateProducer(new ProducerOptions()))
        {
            var start = TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds() - 2_000;
            for (var n = 0; n < 20 * Devices; n++)
            {
                var (device, at) = ($"d{n % Devices}", start + (n / Devices * 100));
                producer.TryAppend(
                    new NewRecord
                    {
                        Topic = LogTopics.Readings, Key = System.Text.Encoding.ASCII.GetBytes(device), TimestampMs = at,
                        Value = Batches.Of(device, 1, (ulong)(n / Devices) + 1, at, 1),
                    },
                    null,
                    0).ShouldBeTrue();
            }

            await producer.FlushAsync(ProcessorFixture.Cancel);
        }

        var log = new StepLog(fixture.Log, static _ => { });
        await using (var processor = Member(fixture, log, 0))
        {
            await processor.StartAsync(ProcessorFixture.Cancel);
            while ((await fixture.ReadAsync(LogTopics.Incidents)).Count < Devices)
            {
                await Task.WhenAny(log.NextCommit, processor.Completion).WaitAsync(TimeSpan.FromSeconds(60), ProcessorFixture.Cancel);
            }

            await processor.StopAsync(ProcessorFixture.Cancel);
        }

        (await fixture.ReadAsync(LogTopics.Incidents)).Select(r => r.Key).Order().ShouldBe(Enumerable.Range(0, Devices).Select(i => $"d{i}"));
        (await fixture.ReadAsync(LogTopics.Readings)).Count(r => r.Value.IsEmpty).ShouldBeInRange(1, 2 * Devices);
        (await fixture.ReadAsync(LogTopics.DeadLetters)).ShouldBeEmpty();
        ShouldBeSame(await fixture.DescribeAsync(), await fixture.ExpectAsync());
    }

    private static void ShouldBeSame(string actual, string expected)
    {
        var (actualLines, expectedLines) = (actual.Split('\n'), expected.Split('\n'));
        var first = actualLines.Zip(expectedLines).TakeWhile(pair => pair.First == pair.Second).Count();
        if (actual != expected)
        {
            Assert.Fail($"{actualLines.Length} lines, expected {expectedLines.Length}; first difference in line {first}:\n"
                + $"{actualLines.ElementAtOrDefault(first)}\nexpected:\n{expectedLines.ElementAtOrDefault(first)}");
        }
    }

    private static ReadingProcessor Member(ProcessorFixture fixture, StepLog log, int instance) => new(
        log, fixture.Options with { TransactionalId = $"instance-{instance}" }, NullLoggerFactory.Instance, TimeProvider.System);
}
