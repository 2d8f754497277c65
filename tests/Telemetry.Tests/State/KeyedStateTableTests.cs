using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Telemetry.Streams.State;

namespace Telemetry.Tests.State;

public class KeyedStateTableTests
{
    /// <summary>
    /// The claim of the table: after any number of crashes at any points, with any pace of snapshots, with keys evicted and
    /// expired between, the state is that of a run that never stopped. The partition's state goes into every key, as
    /// watermarks do.
    /// </summary>
    [Fact]
    public void State_after_any_crashes_is_that_of_an_uninterrupted_run() =>
        Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
        {
            var random = new Random(seed);
            var options = new KeyedStateOptions
            {
                KeysMax = random.Next(2) == 0 ? 1000 : random.Next(1, 12),
                SweepStride = random.Next(1, 40),
                Expiry = TimeSpan.FromMilliseconds(random.Next(20, 400)),
                SnapshotBytesPerCommitMax = random.Next(1, 400),
                SnapshotCycle = TimeSpan.FromSeconds(100),
                SnapshotShare = random.Next(2) == 0 ? 0 : random.NextDouble() * 2,
            };
            var input = Input(random);
            var writesChanges = random.Next(2) == 0;
            var uninterrupted = new StateRun(options, input, writesChanges);
            uninterrupted.Restore();
            uninterrupted.Run(input.Length);

            var crashing = new StateRun(options, input, writesChanges);
            crashing.Restore();
            while (crashing.Position < input.Length)
            {
                var step = Math.Min(input.Length, crashing.Position + random.Next(1, 30));
                crashing.Run(step);
                var what = random.Next(4);
                if (what > 0)
                {
                    crashing.Commit(TimeSpan.FromSeconds(random.Next(0, 60)), compact: random);
                }

                if (what > 1)
                {
                    crashing.Restore();
                }
            }

            crashing.Describe().ShouldBe(uninterrupted.Describe());
            crashing.Commit(TimeSpan.FromSeconds(random.Next(0, 60)), compact: random);
            crashing.Restore();
            crashing.Describe().ShouldBe(uninterrupted.Describe());
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(600));

    [Fact]
    public void Every_changed_key_is_written_within_one_cycle()
    {
        var options = new KeyedStateOptions { SnapshotCycle = TimeSpan.FromSeconds(10), SnapshotShare = 0 };
        var run = new StateRun(options, [.. Enumerable.Range(0, 1000).Select(i => ($"k{i % 100}", (long)i))]);
        run.Restore();
        run.Run(500);
        for (var i = 0; i < 9; i++)
        {
            run.Commit(TimeSpan.FromSeconds(1));
        }

        run.Table.Floor.ShouldBe(0);
        run.Commit(TimeSpan.FromSeconds(1));
        run.Table.Floor.ShouldBe(500);
        run.Table.DirtyCount.ShouldBe(0);
    }

    [Fact]
    public void Snapshots_spread_over_the_cycle()
    {
        var options = new KeyedStateOptions { SnapshotCycle = TimeSpan.FromSeconds(10), SnapshotShare = 0 };
        var run = new StateRun(options, [.. Enumerable.Range(0, 1000).Select(i => ($"k{i % 100}", (long)i))]);
        run.Restore();
        run.Run(1000);
        run.Commit(TimeSpan.FromSeconds(1)).ShouldBe(10 + 1);
    }

    [Fact]
    public void A_key_written_before_is_written_as_its_changes_and_read_back()
    {
        var options = new KeyedStateOptions { SnapshotCycle = TimeSpan.FromSeconds(1), SnapshotShare = 0 };
        var run = new StateRun(options, [.. Enumerable.Range(0, 40).Select(i => ($"k{i % 4}", (long)i))], writesChanges: true);
        run.Restore();
        run.Run(20);
        run.Commit(TimeSpan.FromSeconds(1));
        var wholes = run.Topic.Where(e => e.Key[0] == 'k').ToDictionary(e => e.Key, e => e.Value);
        run.Run(40);
        run.Commit(TimeSpan.FromSeconds(1));
        var described = run.Describe();

        run.Topic.Keys.Where(key => key[0] == '\x02').Select(key => key[1..]).ShouldBe(["k0", "k1", "k2", "k3"]);
        run.Topic.Where(e => e.Key[0] == 'k').ShouldAllBe(e => e.Value.SequenceEqual(wholes[e.Key]));
        run.Restore();
        run.Describe().ShouldBe(described);
        run.Table.Floor.ShouldBe(40);
    }

    [Fact]
    public void Snapshots_take_their_share_of_the_input_before_the_cycle_asks_for_them()
    {
        // 1,000 records of 100 bytes: a tenth are 10,000 bytes, of which each entry takes some 60 with what the log adds.
        var options = new KeyedStateOptions { SnapshotCycle = TimeSpan.FromDays(1), SnapshotShare = 0.1 };
        var run = new StateRun(options, [.. Enumerable.Range(0, 1000).Select(i => ($"k{i}", (long)i))]);
        run.Restore();
        run.Run(1000);
        run.Commit(TimeSpan.FromSeconds(1)).ShouldBeInRange(100, 250);
        run.Table.Floor.ShouldBe(0);
        for (var i = 0; i < 5; i++)
        {
            run.Commit(TimeSpan.FromSeconds(1)).ShouldBe(1, "no input pays for more than the floor");
        }
    }

    /// <summary>A restart has others to restore: what it replays is no reason to write at once.</summary>
    [Fact]
    public void What_is_replayed_pays_for_no_snapshots()
    {
        var options = new KeyedStateOptions { SnapshotCycle = TimeSpan.FromDays(1), SnapshotShare = 0.1 };
        var run = new StateRun(options, [.. Enumerable.Range(0, 1100).Select(i => ($"k{i}", (long)i))]);
        run.Restore();
        run.Run(1000);
        run.Commit(TimeSpan.FromSeconds(1)).ShouldBeGreaterThan(100);

        run.Restore();
        run.Commit(TimeSpan.FromSeconds(1)).ShouldBe(1, "nothing but the floor");
        run.Run(1100);
        run.Commit(TimeSpan.FromSeconds(1)).ShouldBeGreaterThan(10, "new input pays");
    }

    [Fact]
    public void A_removed_key_gets_a_tombstone_once_no_replay_needs_its_removal()
    {
        var options = new KeyedStateOptions { KeysMax = 1, SweepStride = 1, SnapshotCycle = TimeSpan.FromSeconds(1) };
        var run = new StateRun(options, [("a", 0), ("b", 1), ("c", 2), ("c", 3), ("c", 4)]);
        run.Restore();
        run.Run(4);
        run.Commit(TimeSpan.FromSeconds(1));
        run.Commit(TimeSpan.FromSeconds(1));
        run.Topic.Where(e => e.Value.Length > 0).Select(e => e.Key).Order().ShouldBe(["\0", "c"]);
        run.Topic["a"].ShouldBeEmpty();
        run.Codec.Live.ShouldBe(1);
    }

    [Fact]
    public void Eviction_takes_the_key_silent_for_longest_and_is_counted()
    {
        var options = new KeyedStateOptions { KeysMax = 2, SweepStride = 1 };
        var run = new StateRun(options, [("a", 0), ("b", 1), ("a", 2), ("c", 3), ("c", 4)]);
        run.Restore();
        run.Run(5);
        run.Describe().Split('\n').Select(line => line.Split(' ')[0]).ShouldBe(["a", "c", "time"]);
        run.Table.Evicted.ShouldBe(1);
    }

    [Fact]
    public void A_state_topic_of_another_version_is_refused()
    {
        var table = new KeyedStateTable<CountingState>(new KeyedStateOptions(), new CountingCodec());
        Should.Throw<FormatException>(() => table.Load("k"u8, [9, 1])).Message.ShouldContain("version 9");
    }

    [Fact]
    public void A_known_key_is_looked_up_without_allocation()
    {
        var table = new KeyedStateTable<CountingState>(new KeyedStateOptions(), new CountingCodec());
        table.CompleteLoad();
        table.CompleteReplay();
        var keys = Enumerable.Range(0, 100).Select(i => Encoding.ASCII.GetBytes($"device-{i}")).ToArray();
        long Touch(long offset)
        {
            foreach (var key in keys)
            {
                table.Advance(offset++, offset);
                table.TryEnter(key, out _);
            }

            return offset;
        }

        var next = Touch(0);
        next = Touch(next);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Touch(next);
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    private static (string Key, long TimeMs)[] Input(Random random)
    {
        var keys = random.Next(1, 30);
        var time = 1_000L;
        return [.. Enumerable.Range(0, random.Next(1, 400)).Select(_ =>
        {
            time += random.Next(10) == 0 ? random.Next(0, 300) : random.Next(-2, 4);
            return ($"k{random.Next(keys)}", time);
        })];
    }
}
