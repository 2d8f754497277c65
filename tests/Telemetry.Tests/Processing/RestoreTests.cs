using FsCheck;
using FsCheck.Fluent;
using Telemetry.Processing;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.MlNet;
using Telemetry.Processing.Detectors.Typed;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Processing;

public class RestoreTests
{
    /// <summary>Outputs and state bytes after crashes at any records, with any pace of snapshots and tight bounds, are those of a run without.</summary>
    [Fact]
    public void Outputs_and_state_after_any_crashes_are_those_of_an_uninterrupted_run() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), CrashesChangeNothing).Check(Config.QuickThrowOnFailure.WithMaxTest(150));

    /// <summary>Seeds that found something once.</summary>
    [Theory]
    [InlineData(329347444)]
    public void Crashes_that_changed_something_once_do_not(int seed) => CrashesChangeNothing(seed).ShouldBeTrue();

    /// <summary>With the default detectors and steady devices, whose state is large and changes little: entries are changes as well as wholes.</summary>
    [Fact]
    public void A_state_read_back_as_a_whole_and_its_changes_goes_on_bit_for_bit()
    {
        const int Records = 3000;
        var options = new ProcessingOptions { State = new() { SnapshotCycle = TimeSpan.FromSeconds(100), SnapshotShare = 0 } };
        var uninterrupted = new PartitionDriver(options);
        var crashing = new PartitionDriver(options);
        var random = new Random(7);
        for (var i = 0; i < Records; i++)
        {
            var time = Batches.StartMs + (i * 500L);
            var value = Batches.Of(
                $"d{i % 2}", 1, (ulong)(i / 2) + 1, [i % 4 < 2 ? "a" : "b"], [0], [time * 1000],
                [Math.Round(20 + random.NextDouble() + (random.Next(100) == 0 ? 50 : 0), 1)], []);
            uninterrupted.Append(time, value);
            crashing.Append(time, value);
        }

        uninterrupted.Restore();
        uninterrupted.Run(Records);
        uninterrupted.Commit(TimeSpan.Zero);
        crashing.Restore();
        crashing.RunWithCrashes(random, stepMax: 60);
        crashing.Restore();

        crashing.ChangesWritten.ShouldBeGreaterThan(5);
        crashing.States().ShouldBe(uninterrupted.States());
        crashing.Records.Select(o => Convert.ToHexString(o.Value)).ShouldBe(uninterrupted.Records.Select(o => Convert.ToHexString(o.Value)));
    }

    /// <summary>To pack changes that are not written would take as long as to pack the whole.</summary>
    [Fact]
    public void Changes_are_not_packed_of_a_device_of_which_most_has_changed()
    {
        var driver = new PartitionDriver(new ProcessingOptions { Detectors = () => [new RecordingDetector()], State = new() { SnapshotShare = 0 } });
        var (timeMs, sequence) = (Batches.StartMs, 0UL);
        Take(20);
        var state = driver.Processor.Table.Slots.Single().State!;
        driver.Processor.Codec.Write(state, new StateWriter());
        driver.Processor.Codec.Written(state);

        Take(2);
        driver.Processor.Codec.TryWriteChanges(state, new StateWriter()).ShouldBeTrue();
        Take(20);
        driver.Processor.Codec.TryWriteChanges(state, new StateWriter()).ShouldBeFalse();

        void Take(int readings)
        {
            for (var i = 0; i < readings; i++)
            {
                // At no regular pace, so that what is known of the pace changes too.
                timeMs += 1000 + (i * 70);
                driver.Take(timeMs, Batches.Of("d", 1, ++sequence, timeMs, i));
            }
        }
    }

    private static bool CrashesChangeNothing(int seed)
    {
        var random = new Random(seed);
        var options = TightOptions(random);
        var uninterrupted = new PartitionDriver(options);
        var crashing = new PartitionDriver(options);
        var fleet = new RandomFleet(seed, devices: 8);
        for (var i = 0; i < 400; i++)
        {
            var (time, device, value) = fleet.Next();
            if (random.Next(25) == 0)
            {
                // A tick: time has passed.
                (time, value) = (time + random.Next(2_000_000), []);
            }

            if (random.Next(40) == 0)
            {
                var deletion = Batches.Deletion(i, time, device);
                uninterrupted.Append(deletion);
                crashing.Append(deletion);
                continue;
            }

            uninterrupted.Append(time, value);
            crashing.Append(time, value);
        }

        uninterrupted.Restore();
        uninterrupted.Run(400);
        uninterrupted.Commit(TimeSpan.Zero);

        crashing.Restore();
        crashing.RunWithCrashes(random, stepMax: 40);
        crashing.Commit(TimeSpan.Zero);
        crashing.Restore();
        crashing.Records.Select(o => $"{o.Topic} {Convert.ToHexString(o.Value)}")
            .ShouldBe(uninterrupted.Records.Select(o => $"{o.Topic} {Convert.ToHexString(o.Value)}"));
        crashing.States().ShouldBe(uninterrupted.States());
        crashing.Processor.Watermark.ShouldBe(uninterrupted.Processor.Watermark);
        crashing.Processor.Pool.Count.ShouldBe(uninterrupted.Processor.Pool.Count);
        return true;
    }

    private static ProcessingOptions TightOptions(Random random) => new()
    {
        Detectors = random.Next(3) == 0 ? TypedAndJump : IidAndJump,
        AlertHoldOff = TimeSpan.FromSeconds(5),
        IncidentHoldOff = TimeSpan.FromSeconds(random.Next(1, 60)),
        IncidentUpdateEvery = TimeSpan.FromSeconds(random.Next(1, 20)),
        IncidentAbandonAfter = TimeSpan.FromSeconds(random.Next(1, 600)),
        SilentAfter = TimeSpan.FromSeconds(random.Next(60, 600)),
        LateWait = TimeSpan.FromSeconds(random.Next(1, 30)),
        LateWaitMax = TimeSpan.FromSeconds(random.Next(30, 300)),
        LateBytesPerDeviceMax = random.Next(1, 20) * 40,
        SeriesPerDeviceMax = random.Next(1, 4),
        StateBytesMax = random.Next(2) == 0 ? 1_000_000 : random.Next(1_000, 12_000),
        Duplicates = new() { RangesPerBootMax = 3, BootsPerDeviceMax = 2, ClosedBootsPerDeviceMax = 2 },
        State = new KeyedStateOptions
        {
            KeysMax = random.Next(2) == 0 ? 100 : random.Next(2, 8),
            SweepStride = random.Next(1, 60),
            Expiry = TimeSpan.FromSeconds(random.Next(60, 3000)),
            SnapshotCycle = TimeSpan.FromSeconds(100),
            SnapshotShare = random.Next(2) == 0 ? 0 : random.NextDouble() * 3,
            SnapshotBytesPerCommitMax = random.Next(1, 5000),
            PieceBytesMax = random.Next(2) == 0 ? 1 << 20 : random.Next(200, 2000),
        },
    };

    private static List<ISeriesDetector> IidAndJump() =>
    [
        SeriesDetectors.Create(new IidSpikeOptions { PvalueHistoryLength = 8 }),
        SeriesDetectors.Create(new IidChangePointOptions { ChangeHistoryLength = 8 }),
        new JumpDetector(),
    ];

    private static List<ISeriesDetector> TypedAndJump() => [new TypedDetector(new TypedOptions()), new JumpDetector()];
}
