using MQTTnet.Protocol;
using Telemetry.Contracts.V1;
using Telemetry.Simulator;
using Telemetry.Simulator.Devices;
using Telemetry.Simulator.Faults;
using Telemetry.Simulator.Ledger;
using Telemetry.Simulator.Options;
using Telemetry.Simulator.Totals;

namespace Telemetry.Tests.Simulator;

public sealed class SimulatedDeviceTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly ManualTime _time = new();
    private readonly FleetTotals _totals = new();
    private ConnectLimiter _limiter = new(1e9);
    private LedgerWriter? _ledger;
    private LabelWriter? _labels;
    private FleetContext _fleet = null!;
    private FakeLink _link = null!;
    private SimulatedDevice _device = null!;

    public void Dispose()
    {
        _ledger?.Dispose();
        _labels?.Dispose();
        _totals.Dispose();
        _directory.Dispose();
    }

    [Fact]
    public async Task A_device_sends_at_its_pace_and_counts_up()
    {
        await BootAsync(new() { ReadingsPerPublish = 3 });
        for (var i = 0; i < 20; i++)
        {
            Tick(1.0);
            _link.AnswerAll();
        }

        _link.Sent.Count.ShouldBe(20);
        _link.Batches.Select(b => b.FirstSequence).ShouldBe(Enumerable.Range(0, 20).Select(i => (ulong)(i * 3) + 1));
        _link.Batches.ShouldAllBe(b => b.Values.Count == 3 && b.Sensors.Contains("vibration") && b.Sensors.Distinct().Count() == b.Sensors.Count);
        _link.Batches.ShouldAllBe(b => b.Values.Count == 3 && b.Sensors.Count >= 2 && b.Device == "press-00000" && b.BootId == 77);
        var read = _link.Batches.SelectMany(b => b.SensorIndexes.Select(i => b.Sensors[(int)i])).ToList();
        read.Count(sensor => sensor == "vibration").ShouldBe(30);
        read.Distinct().Count().ShouldBe(9);
        Times(_link.Batches).ShouldBe(Times(_link.Batches).Order());
        Times(_link.Batches).ShouldBeUnique();
        var entry = Ledger();
        (entry.SentThrough, entry.AckedCount).ShouldBe((60UL, 60));
    }

    [Fact]
    public async Task The_ledger_knows_of_a_publish_before_it_is_sent_and_of_its_ack_after()
    {
        await BootAsync(new());
        Tick(1.0);
        _link.Open.ShouldBe(1);
        Ledger().SentThrough.ShouldBe(1UL);
        Ledger().Acked.ShouldBeEmpty();
        _link.Answer();
        Ledger().Acked.ShouldBe([new(1, 1)]);
    }

    [Fact]
    public async Task Unacknowledged_publishes_are_sent_again_unchanged_over_the_next_connection()
    {
        await BootAsync(new() { MaxInFlight = 4 });
        Tick(1);
        _link.Answer();
        Tick(3);
        _link.Sent.Count.ShouldBe(4);
        var unacked = _link.Sent.Skip(1).ToList();
        _link.Break();
        Tick(20);
        await ConnectedAsync(2);
        _link.Sent.Skip(4).Take(3).ShouldBe(unacked);
        while (_link.Open > 0)
        {
            _link.AnswerAll();
        }

        var entry = Ledger();
        entry.AckedCount.ShouldBe((long)entry.SentThrough);
        var totals = _totals.Snapshot(default);
        (totals.PublishesResent, totals.Disconnects, totals.Reconnects).ShouldBe((3, 1, 1));
        (totals.Sent, totals.Acked).ShouldBe(((long)entry.SentThrough, (long)entry.SentThrough));
    }

    [Fact]
    public async Task A_burst_is_as_much_faster_as_asked_and_ends()
    {
        await BootAsync(new() { BurstFactor = 6, BurstAfter = TimeSpan.FromSeconds(10), BurstDuration = TimeSpan.FromSeconds(10) });
        int[] sent = [.. Enumerable.Range(0, 3).Select(_ =>
        {
            var before = _link.Sent.Count;
            for (var i = 0; i < 100; i++)
            {
                Tick(0.1);
                _link.AnswerAll();
            }

            return _link.Sent.Count - before;
        })];

        sent[0].ShouldBe(10);
        sent[1].ShouldBeInRange(54, 60); // The publish that was due when it began is at the old pace.
        sent[2].ShouldBeInRange(9, 11);
    }

    [Fact]
    public async Task A_full_queue_stops_measuring_and_uses_up_no_sequence()
    {
        await BootAsync(new() { QueueMax = 5, MaxInFlight = 2 });
        Tick(12);
        _link.Sent.Count.ShouldBe(2);
        _totals.Snapshot(default).Skipped.ShouldBe(7);
        while (_link.Open > 0)
        {
            _link.AnswerAll();
        }

        Tick(1);
        _link.Batches.Select(b => b.FirstSequence).ShouldBe([1UL, 2, 3, 4, 5, 6]);
    }

    [Fact]
    public async Task A_refusal_is_final_and_in_the_ledger_a_busy_broker_is_asked_again()
    {
        await BootAsync(new());
        Tick(2);
        _link.Answer(PublishOutcome.Refused, MqttPubAckReasonCode.PayloadFormatInvalid);
        _link.Answer(PublishOutcome.Refused, MqttPubAckReasonCode.QuotaExceeded);
        Tick(0.5);
        _link.Sent.Count.ShouldBe(2);
        Tick(0.6);
        _link.Sent[2].ShouldBe(_link.Sent[1]);
        _link.AnswerAll();
        var entry = Ledger();
        entry.Refused.ShouldBe([new(1, 1)]);
        entry.Acked[0].First.ShouldBe(2UL);
        _totals.Snapshot(default).Rejected.ShouldBe(1);
    }

    [Fact]
    public void Waits_double_up_to_the_cap_with_jitter()
    {
        var options = new SimulatorOptions { ReconnectDelay = TimeSpan.FromSeconds(1), ReconnectDelayMax = TimeSpan.FromSeconds(8) };
        Enumerable.Range(0, 6).Select(attempt => ReconnectBackoff.Delay(options, attempt, 0).TotalSeconds)
            .ShouldBe([0.5, 1, 2, 4, 4, 4]);
        ReconnectBackoff.Delay(options, int.MaxValue, 0.999).TotalSeconds.ShouldBe(8, 0.01);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_again()
    {
        Make(new());
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Tick(20);
            await SpinAsync(() => _link.Connects == attempt);
            _link.RefuseConnection();
            await SpinAsync(() => _totals.Snapshot(default).ConnectFailures == attempt);
        }

        Tick(20);
        _link.Accept();
        await ConnectedAsync(6);
        _totals.Snapshot(default).Reconnects.ShouldBe(0);
    }

    [Fact]
    public async Task Duplicates_and_overtaken_publishes_are_labelled_and_keep_their_ids()
    {
        await BootAsync(new() { DuplicateShare = 0.3, OutOfOrderShare = 0.3 });
        for (var i = 0; i < 200; i++)
        {
            Tick(1);
            _link.AnswerAll();
        }

        _fleet.BeginDrain();
        Tick(1);
        _link.AnswerAll();
        var totals = _totals.Snapshot(default);
        totals.PublishesPending.ShouldBe(0);
        totals.PublishesDuplicated.ShouldBeInRange(30, 90);
        totals.PublishesOutOfOrder.ShouldBeInRange(20, 90);
        var firsts = _link.Batches.Select(b => b.FirstSequence).ToList();
        firsts.Distinct().Count().ShouldBe(200);
        (firsts.Count - 200).ShouldBe((int)totals.PublishesDuplicated);
        var labels = File.ReadAllLines(_directory["labels"]);
        labels.Count(line => line.Contains("\"duplicate\"")).ShouldBe((int)totals.PublishesDuplicated);
        labels.Count(line => line.Contains("\"out-of-order\"")).ShouldBe((int)totals.PublishesOutOfOrder);
        _link.Batches.GroupBy(b => b.FirstSequence).ShouldAllBe(copies => copies.Distinct().Count() == 1);
        Ledger().AckedCount.ShouldBe(200);
    }

    [Fact]
    public async Task Two_runs_with_one_seed_and_clock_send_the_same_bytes()
    {
        var options = new SimulatorOptions { ReadingsPerPublish = 20, FaultsPerDeviceDay = 500 };
        await BootAsync(options);
        PlayDay();
        var first = _link.Sent.ToList();
        _ledger!.Dispose();
        _labels!.Dispose();
        _time.Advance(-(_time.GetUtcNow() - new ManualTime().GetUtcNow()));
        await BootAsync(options);
        PlayDay();
        _link.Sent.ShouldBe(first);

        void PlayDay()
        {
            for (var i = 0; i < 300; i++)
            {
                Tick(1);
                _link.AnswerAll();
            }
        }
    }

    [Fact]
    public async Task At_an_unbounded_rate_the_window_is_always_full()
    {
        await BootAsync(new() { RatePerHour = 0, MaxInFlight = 8, FaultsPerDeviceDay = 0 });
        await SpinAsync(() => _link.Open >= 8);
        for (var i = 0; i < 100; i++)
        {
            _link.Answer();
            _link.Open.ShouldBe(8);
        }

        _fleet.BeginDrain();
        _link.AnswerAll();
        _link.Open.ShouldBe(0);
        Times(_link.Batches).ShouldBeUnique();
    }

    [Fact]
    public async Task A_dropout_sends_nothing_and_uses_up_no_sequence()
    {
        await BootAsync(new() { FaultsPerDeviceDay = 20_000, ReadingsPerPublish = 9 });
        for (var i = 0; i < 2_000; i++)
        {
            Tick(1);
            _link.AnswerAll();
        }

        File.ReadAllText(_directory["labels"]).ShouldContain("\"dropout\"");
        _link.Sent.Count.ShouldBeLessThan(1_990);
        _link.Batches.Select(b => b.FirstSequence).ShouldBe(Enumerable.Range(0, _link.Sent.Count).Select(i => (ulong)(i * 9) + 1));
        _totals.Snapshot(default).Skipped.ShouldBe(0);
    }

    [Fact]
    public void Wrong_options_are_named()
    {
        Should.Throw<System.ComponentModel.DataAnnotations.ValidationException>(() => new FleetSimulator(
            new() { QueueMax = 2, MaxInFlight = 4 },
            _time,
            Microsoft.Extensions.Logging.Abstractions.NullLogger<FleetSimulator>.Instance)).Message.ShouldContain("QueueMax");
    }

    private static List<long> Times(IEnumerable<ReadingBatch> batches) => [.. batches.SelectMany(b =>
    {
        var time = b.BaseTimeUs;
        return b.TimeDeltasUs.Count == 0 ? [time] : b.TimeDeltasUs.Select(d => time += d).ToArray();
    })];

    /// <summary>One device with one publish a second unless told otherwise, without deliberate disorder.</summary>
    private void Make(SimulatorOptions options)
    {
        options = options with
        {
            Devices = 1,
            RatePerHour = options.RatePerHour == 0 ? 0 : 3_600.0 * options.ReadingsPerPublish,
            DuplicateShare = options.DuplicateShare == 0.001 ? 0 : options.DuplicateShare,
            OutOfOrderShare = options.OutOfOrderShare == 0.001 ? 0 : options.OutOfOrderShare,
            FaultsPerDeviceDay = options.FaultsPerDeviceDay == 1 ? 0 : options.FaultsPerDeviceDay,
        };
        _limiter = new(1e9);
        _ledger = new(_directory.Path, Guid.NewGuid().ToString(), 1, options.ReadingsPerPublish);
        _labels = new(_directory["labels"]);
        _fleet = new(options, _time, _ledger, _labels, _totals);
        var startUs = _time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
        _device = new(_fleet, 0, 77, startUs, (owner, _) => _link = new FakeLink(owner));
    }

    private async Task BootAsync(SimulatorOptions options)
    {
        Make(options);
        _device.Visit(_fleet.NowUs, _limiter, CancellationToken.None);
        var connected = _totals.Snapshot(default).Connected;
        _link.Accept();
        await SpinAsync(() => _totals.Snapshot(default).Connected > connected);
    }

    private async Task ConnectedAsync(int connects)
    {
        await SpinAsync(() => _link.Connects >= connects && _totals.Snapshot(default).Connected == 1);
    }

    /// <summary>Moves the clock on in steps of a tenth of a second.</summary>
    private void Tick(double seconds)
    {
        for (var step = 0; step < (int)Math.Round(seconds * 10); step++)
        {
            _time.Advance(TimeSpan.FromSeconds(0.1));
            _device.Visit(_fleet.NowUs, _limiter, CancellationToken.None);
        }
    }

    private LedgerEntry Ledger() => LedgerReader.Read(_directory.Path).Single();

    private static async Task SpinAsync(Func<bool> until)
    {
        var deadline = TimeProvider.System.GetTimestamp();
        while (!until())
        {
            (TimeProvider.System.GetElapsedTime(deadline) < TimeSpan.FromSeconds(30)).ShouldBeTrue("It never came.");
            await Task.Yield();
        }
    }
}
