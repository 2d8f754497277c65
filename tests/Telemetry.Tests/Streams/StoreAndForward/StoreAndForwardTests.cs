using Telemetry.Streams;
using Telemetry.Streams.StoreAndForward;

namespace Telemetry.Tests.Streams.StoreAndForward;

/// <summary>The journal in front of a log that is away, breaks and comes back.</summary>
public sealed class StoreAndForwardTests
{
    [Fact]
    public async Task Records_are_acknowledged_while_the_log_is_away_and_arrive_once_and_in_order_when_it_is_back()
    {
        await using var bench = new ForwardBench();
        await bench.StartAsync(away: true);
        for (var round = 0; round < 50; round++)
        {
            await bench.AppendAsync("a", round * 10, 10);
            await bench.AppendAsync("b", round * 10, 10);
        }

        await ForwardBench.UntilAsync(() => bench.Forward.Status.Records == 1000);
        await ForwardBench.UntilAsync(() => bench.Forward.Status.Bytes > 16_000);

        bench.Target.IsAway = false;
        await bench.ForwardedAsync();

        var arrived = await bench.ArrivedAsync();
        arrived["a"].ShouldBe(Enumerable.Range(0, 500));
        arrived["b"].ShouldBe(Enumerable.Range(0, 500));
    }

    [Fact]
    public async Task Device_without_backlog_overtakes_the_backlog_of_others_and_theirs_stays_in_order()
    {
        // A pace at which the backlog takes minutes.
        await using var bench = new ForwardBench(new StoreAndForwardOptions { DrainRate = 20_000 });
        await bench.StartAsync(away: true);
        await bench.AppendAsync("old", 0, 2000, bytes: 1000);
        await ForwardBench.UntilAsync(() => bench.Forward.AwayReason is not null);

        bench.Target.IsAway = false;
        var draining = new Dictionary<string, List<int>>();
        while (!draining.ContainsKey("live"))
        {
            // The client has room once its first records are answered; from then on live data goes at once.
            await bench.AppendAsync("live", 0, 1);
            await Task.Delay(20, TestContext.Current.CancellationToken);
            draining = await bench.ArrivedAsync();
        }

        await bench.AppendAsync("old", 2000, 1);
        draining.GetValueOrDefault("old", []).Count.ShouldBeLessThan(2000);
        draining["live"].ShouldNotBeEmpty();
        (await bench.ArrivedAsync())["old"].ShouldNotContain(2000);
    }

    [Fact]
    public async Task Backlog_of_a_former_process_is_drained_before_its_devices_go_live_and_others_go_at_once()
    {
        await using var bench = new ForwardBench();
        await bench.StartAsync(away: true);
        await bench.AppendAsync("old", 0, 500);
        await bench.Producer.DisposeAsync();
        bench.Target.Break();
        await bench.Forward.DisposeAsync();

        bench.Options = bench.Options with { DrainRate = 1000 };
        await bench.StartAsync();
        bench.Forward.Status.Records.ShouldBe(500);
        await bench.AppendAsync("old", 500, 5);
        await bench.AppendAsync("live", 0, 5);
        while (!(await bench.ArrivedAsync()).ContainsKey("live"))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        (await bench.ArrivedAsync()).GetValueOrDefault("old", []).Count.ShouldBeLessThan(500);
        await bench.Producer.DisposeAsync();
        await bench.Forward.DisposeAsync();
        bench.Options = bench.Options with { DrainRate = 0 };
        await bench.StartAsync();
        await bench.ForwardedAsync();
        (await bench.ArrivedAsync())["old"].Distinct().ShouldBe(Enumerable.Range(0, 505));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Line_that_breaks_again_and_again_loses_nothing_and_keeps_each_devices_order(int seed)
    {
        const int Devices = 7;
        var random = new Random(seed);
        await using var bench = new ForwardBench();
        await bench.StartAsync();
        var next = new int[Devices];
        for (var round = 0; round < 30; round++)
        {
            for (var i = 0; i < 20; i++)
            {
                var device = random.Next(Devices);
                var count = random.Next(5);
                await bench.AppendAsync($"d{device}", next[device], count);
                next[device] += count;
            }

            switch (random.Next(4))
            {
                case 0:
                    bench.Target.IsAway = true;
                    break;
                case 1:
                    bench.Target.IsAway = false;
                    break;
                case 2:
                    bench.Target.Break();
                    break;
                default:
                    break;
            }
        }

        bench.Target.IsAway = false;
        await bench.ForwardedAsync();

        var arrived = await bench.ArrivedAsync();
        for (var device = 0; device < Devices; device++)
        {
            // The first copy of each is what counts downstream; a copy behind it is recognised.
            arrived[$"d{device}"].Distinct().ShouldBe(Enumerable.Range(0, next[device]));
        }
    }

    [Fact]
    public async Task Full_journal_takes_nothing_more_says_so_and_goes_on_when_the_log_has_taken_some()
    {
        await using var bench = new ForwardBench(new StoreAndForwardOptions { MaxBytes = 8 << 20, DrainRate = 0 });
        await bench.StartAsync(away: true);
        var taken = 0;
        while (bench.TryAppend("a", taken, 10_000, out var durable))
        {
            await durable;
            taken++;
        }

        taken.ShouldBeInRange(500, 900);
        await ForwardBench.UntilAsync(() => bench.Forward.NotReadyReason is not null);
        var waiting = bench.Producer.WaitForCapacityAsync(TestContext.Current.CancellationToken).AsTask();
        waiting.IsCompleted.ShouldBeFalse();

        bench.Target.IsAway = false;
        await waiting;
        await bench.AppendAsync("a", taken, 100, bytes: 10_000);
        await bench.ForwardedAsync();

        (await bench.ArrivedAsync())["a"].ShouldBe(Enumerable.Range(0, taken + 100));
        bench.Forward.NotReadyReason.ShouldBeNull();
        bench.Forward.Status.Dropped.ShouldBe(0);
        await ForwardBench.UntilAsync(() => bench.Forward.Status.DiskBytes < 2 << 20);
    }

    [Fact]
    public async Task Full_journal_that_drops_the_oldest_counts_and_tells_each_record_it_dropped()
    {
        const int Records = 3000;
        await using var bench = new ForwardBench(new StoreAndForwardOptions { MaxBytes = 8 << 20, DrainRate = 0, WhenFull = WhenFull.DropOldest });
        await bench.StartAsync(away: true);
        var told = 0L;
        bench.Forward.Dropped = drop => Interlocked.Add(ref told, drop.Records);
        for (var i = 0; i < Records; i += 50)
        {
            await bench.AppendAsync("a", i, 50, bytes: 10_000);
        }

        bench.Target.IsAway = false;
        await bench.ForwardedAsync();

        var arrived = (await bench.ArrivedAsync())["a"];
        var dropped = bench.Forward.Status.Dropped;
        dropped.ShouldBeGreaterThan(1000);
        told.ShouldBe(dropped);
        arrived.ShouldBeUnique();
        arrived.ShouldBe(arrived.Order());
        arrived.Count.ShouldBe((int)(Records - dropped));
        arrived[^1].ShouldBe(Records - 1);
    }

    [Fact]
    public async Task Full_disk_fails_appends_keeps_what_was_acknowledged_and_goes_on_when_there_is_space()
    {
        await using var bench = new ForwardBench();
        await bench.StartAsync(away: true);
        await bench.AppendAsync("a", 0, 100);
        bench.Files.Room = 100_000;
        var acknowledged = new List<int>(Enumerable.Range(0, 100));
        var failures = 0;
        for (var i = 100; failures < 5; i++)
        {
            bench.TryAppend("a", i, 1000, out var durable).ShouldBeTrue();
            try
            {
                await durable;
                acknowledged.Add(i);
            }
            catch (RecordLogException error)
            {
                error.Error.ShouldBe(RecordLogError.DiskFull);
                failures++;
            }
        }

        bench.Target.IsAway = false;
        bench.Files.Room = long.MaxValue;
        await bench.AppendAsync("a", 100_000, 10);
        acknowledged.AddRange(Enumerable.Range(100_000, 10));
        await bench.ForwardedAsync();

        (await bench.ArrivedAsync())["a"].ShouldBe(acknowledged);
    }

    [Fact]
    public async Task Hours_of_backlog_drain_in_order_with_live_data_ahead_of_them()
    {
        const int Devices = 20;
        const int Minutes = 6 * 60;
        const int PerMinute = 10;
        var now = DateTimeOffset.UtcNow;
        await using var bench = new ForwardBench();
        await bench.StartAsync(away: true);
        for (var minute = 0; minute < Minutes; minute++)
        {
            var time = (now - TimeSpan.FromMinutes(Minutes - minute)).ToUnixTimeMilliseconds();
            await Task.WhenAll(Enumerable.Range(0, Devices).Select(d => bench.AppendAsync($"d{d}", minute * PerMinute, PerMinute, timestampMs: time)));
        }

        await ForwardBench.UntilAsync(() => bench.Forward.Status.Records == Devices * Minutes * PerMinute);
        await ForwardBench.UntilAsync(() => bench.Forward.Status.Age > TimeSpan.FromHours(6));

        bench.Target.IsAway = false;
        var live = bench.AppendAsync("live", 0, 100, timestampMs: now.ToUnixTimeMilliseconds());
        await bench.ForwardedAsync();
        await live;
        await bench.ForwardedAsync();

        var arrived = await bench.ArrivedAsync();
        arrived["live"].ShouldBe(Enumerable.Range(0, 100));
        for (var device = 0; device < Devices; device++)
        {
            arrived[$"d{device}"].ShouldBe(Enumerable.Range(0, Minutes * PerMinute));
        }

        await ForwardBench.UntilAsync(() => bench.Forward.Status.Age == TimeSpan.Zero);
    }
}
