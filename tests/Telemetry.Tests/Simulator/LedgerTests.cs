using Telemetry.Simulator.Ledger;

namespace Telemetry.Tests.Simulator;

public sealed class LedgerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void What_was_sent_acked_and_refused_is_read_back_as_sequences()
    {
        using var ledger = new LedgerWriter(_directory.Path, "a", 3, 10);
        ledger.Begin(0, "press-00000", 7);
        ledger.Begin(2, new string('x', 64), 9);
        for (var publish = 0UL; publish < 5; publish++)
        {
            ledger.Sent(0, publish);
        }

        ledger.Acked(0, 0);
        ledger.Acked(0, 3);
        ledger.Refused(0, 1, 0x99);
        var entries = LedgerReader.Read(_directory.Path).ToList();
        entries.Count.ShouldBe(2);
        entries[0].Device.ShouldBe("press-00000");
        entries[0].BootId.ShouldBe(7UL);
        entries[0].SentThrough.ShouldBe(50UL);
        entries[0].Acked.ShouldBe([new(1, 10), new(31, 40)]);
        entries[0].Refused.ShouldBe([new(11, 20)]);
        entries[0].AckedCount.ShouldBe(20);
        entries[1].Device.ShouldBe(new string('x', 64));
        entries[1].SentThrough.ShouldBe(0UL);
        entries[1].Acked.ShouldBeEmpty();
    }

    [Fact]
    public void The_ledger_agrees_with_a_plain_model_whatever_the_order_of_answers() =>
        Contracts.ReadingBatchBufferTests.ForAllSeeds(20, random =>
        {
            var name = Guid.NewGuid().ToString();
            using var ledger = new LedgerWriter(_directory[name], name, 1, 1);
            ledger.Begin(0, "d", 1);
            var open = new List<ulong>();
            var acked = new SortedSet<ulong>();
            var refused = new SortedSet<ulong>();
            var next = 0UL;
            for (var step = 0; step < 2_000; step++)
            {
                if (open.Count == 0 || (random.Next(2) == 0 && ledger.HasRoom(0, next)))
                {
                    ledger.Sent(0, next);
                    open.Add(next++);
                    continue;
                }

                var publish = open[random.Next(Math.Min(open.Count, 20))];
                open.Remove(publish);
                if (random.Next(20) == 0)
                {
                    ledger.Refused(0, publish, 0x99);
                    refused.Add(publish + 1);
                }
                else
                {
                    ledger.Acked(0, publish);
                    acked.Add(publish + 1);
                }
            }

            var entry = LedgerReader.Read(_directory[name]).ShouldHaveSingleItem();
            entry.SentThrough.ShouldBe(next);
            Expand(entry.Acked).ShouldBe(acked);
            Expand(entry.Refused).ShouldBe(refused);
        });

    [Fact]
    public void The_window_says_no_before_a_bit_would_be_used_twice()
    {
        using var ledger = new LedgerWriter(_directory.Path, "a", 1, 1);
        ledger.Begin(0, "d", 1);
        for (var publish = 0UL; publish < LedgerLayout.Window; publish++)
        {
            ledger.HasRoom(0, publish).ShouldBeTrue();
            ledger.Sent(0, publish);
            if (publish > 0)
            {
                ledger.Acked(0, publish);
            }
        }

        ledger.HasRoom(0, LedgerLayout.Window).ShouldBeFalse();
        ledger.Acked(0, 0);
        ledger.HasRoom(0, LedgerLayout.Window).ShouldBeTrue();
        ledger.Sent(0, LedgerLayout.Window);
        LedgerReader.Read(_directory.Path).Single().Acked.ShouldBe([new(1, LedgerLayout.Window)]);
    }

    [Fact]
    public async Task A_reader_beside_the_writer_sees_all_that_was_acked_before_it_looked_and_nothing_never_acked()
    {
        using var ledger = new LedgerWriter(_directory.Path, "a", 1, 1);
        ledger.Begin(0, "d", 1);
        var ackedThrough = 0UL;
        var writer = Task.Run(
            () =>
            {
                // Pairs answered the wrong way round; the first of each 500 pairs is refused.
                for (var publish = 0UL; publish < 100_000; publish += 2)
                {
                    ledger.Sent(0, publish);
                    ledger.Sent(0, publish + 1);
                    ledger.Acked(0, publish + 1);
                    if (publish % 1_000 == 0)
                    {
                        ledger.Refused(0, publish, 0x99);
                    }
                    else
                    {
                        ledger.Acked(0, publish);
                    }

                    Volatile.Write(ref ackedThrough, publish + 2);
                }
            },
            TestContext.Current.CancellationToken);
        var looks = 0;
        do
        {
            looks++;
            var before = Volatile.Read(ref ackedThrough);
            var entry = LedgerReader.Read(_directory.Path).Single();
            var settled = entry.AckedCount + entry.RefusedCount;
            settled.ShouldBeGreaterThanOrEqualTo((long)before);
            ((ulong)settled).ShouldBeLessThanOrEqualTo(entry.SentThrough);
            entry.Refused.All(range => range.Count == 1 && (range.First - 1) % 1_000 == 0).ShouldBeTrue();
            entry.Acked.All(range => range.Last - range.First < 999).ShouldBeTrue();
        }
        while (!writer.IsCompleted || looks < 10);

        await writer;
    }

    [Fact]
    public void Runs_add_up_and_files_never_written_to_are_passed_over()
    {
        for (var run = 0; run < 3; run++)
        {
            using var ledger = new LedgerWriter(_directory.Path, "run" + run, 2, 1);
            ledger.Begin(0, "d", (ulong)run + 1);
        }

        File.WriteAllBytes(_directory["empty.ledger"], []);
        File.WriteAllBytes(_directory["unborn.ledger"], new byte[LedgerLayout.HeaderBytes]);
        LedgerReader.Read(_directory.Path).Select(e => e.BootId).ShouldBe([1UL, 2UL, 3UL]);
        Should.Throw<IOException>(() => new LedgerWriter(_directory.Path, "run0", 1, 1));
        File.WriteAllBytes(_directory["other.ledger"], Enumerable.Repeat((byte)1, 8192).ToArray());
        Should.Throw<InvalidDataException>(() => LedgerReader.Read(_directory.Path).ToList()).Message.ShouldContain("other.ledger");
    }

    private static IEnumerable<ulong> Expand(IEnumerable<SequenceRange> ranges) =>
        ranges.SelectMany(range => Enumerable.Range(0, (int)range.Count).Select(i => range.First + (ulong)i));
}
