using FsCheck;
using FsCheck.Fluent;
using Telemetry.Streams.Deduplication;
using Telemetry.Streams.State;

namespace Telemetry.Tests.Deduplication;

public class SequenceChangesTests
{
    /// <summary>Whole and changes, written at any moments of any input, give what was written as a whole at the second moment; and so do later changes of that.</summary>
    [Fact]
    public void A_whole_and_its_changes_are_the_state() => Prop.ForAll(Gen.Choose(0, int.MaxValue).ToArbitrary(), seed =>
    {
        var random = new Random(seed);
        var options = new DuplicateFilterOptions
        {
            RangesPerBootMax = random.Next(1, 6), BootsPerDeviceMax = random.Next(1, 4), ClosedBootsPerDeviceMax = 2, HashedIdsPerBootMax = 1 << random.Next(4, 8),
            ShortHashes = random.Next(2) == 0,
        };
        var state = new DeviceSequences();
        var sent = new Sender(random, options);
        sent.Send(state, random.Next(0, 60));
        var whole = Bytes(state.Write);
        state.Written();
        var read = Read(whole);
        for (var round = 0; round < 3; round++)
        {
            sent.Send(state, random.Next(0, 40));
            var changes = Bytes(state.WriteChanges);

            // What comes next builds on the same whole, whether the state was read back in between or not.
            var reader = new StateReader(changes);
            var again = Read(whole);
            again.ReadChanges(ref reader);
            reader.AtEnd.ShouldBeTrue();
            Bytes(again.Write).ShouldBe(Bytes(state.Write));
            Bytes(again.WriteChanges).ShouldBe(changes);
            if (random.Next(2) == 0)
            {
                state = again;
            }
        }

        Bytes(read.Write).ShouldBe(whole);
        return true;
    }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));

    [Fact]
    public void Changes_of_a_device_that_goes_on_are_two_bytes_a_reading_and_little_more()
    {
        var options = new DuplicateFilterOptions();
        var state = new DeviceSequences();
        var (runs, statistics) = (new DuplicateRuns(), new DuplicateStatistics());
        state.Add(7, 1, new ushort[1000], options, runs, statistics);
        state.Written();
        state.Add(7, 1001, new ushort[10], options, runs, statistics);

        Bytes(state.WriteChanges).Length.ShouldBeLessThan(2 * 10 + 25);
    }

    private static DeviceSequences Read(byte[] whole)
    {
        var reader = new StateReader(whole);
        return DeviceSequences.Read(ref reader);
    }

    private static byte[] Bytes(Action<StateWriter> write)
    {
        var writer = new StateWriter();
        write(writer);
        return writer.WrittenSpan.ToArray();
    }

    /// <summary>Runs of sequences with gaps, copies, late ones, new boots and readings whose hashes are not known.</summary>
    private sealed class Sender(Random random, DuplicateFilterOptions options)
    {
        private readonly DuplicateRuns _runs = new();
        private readonly DuplicateStatistics _statistics = new();
        private readonly ulong[] _next = [1, 1, 1, 1, 1];

        public void Send(DeviceSequences state, int runs)
        {
            for (; runs > 0; runs--)
            {
                var boot = random.Next(4) == 0 ? random.Next(_next.Length) : 0;
                var count = random.Next(1, 30);
                _next[boot] += random.Next(6) == 0 ? (ulong)random.Next(1, 9) : 0;
                var first = random.Next(5) == 0 ? (ulong)random.NextInt64(1, (long)_next[boot] + 1) : _next[boot];
                var hashes = Enumerable.Range(0, count).Select(_ => (ushort)random.Next(1 << 16)).ToArray();
                if (random.Next(40) == 0)
                {
                    state.Add((ulong)boot + 1, first, count, options, _runs, _statistics);
                }
                else
                {
                    state.Add((ulong)boot + 1, first, hashes, options, _runs, _statistics);
                }

                _next[boot] = Math.Max(_next[boot], first + (ulong)count);
            }
        }
    }
}
