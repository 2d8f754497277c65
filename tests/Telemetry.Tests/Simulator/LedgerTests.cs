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

    /// <summary>
    /// Publishes are sent in any order, overtaking each other, and answered in any order, some refused. The ledger is read after
    /// every single store, as an audit would read it after a kill at that moment.
    /// </summary>
    [Fact]
    public void A_kill_after_any_store_leaves_a_ledger_that_agrees_with_a_plain_model_whatever_overtakes_what() =>
        Contracts.ReadingBatchBufferTests.ForAllSeeds(8, random =>
        {
            var name = Guid.NewGuid().ToString();
            var model = new LedgerModel(_directory[name]);
            using var ledger = new LedgerWriter(_directory[name], name, 1, 1, model.CheckFile);
            model.Begin();
            ledger.Begin(0, "d", 1);
            var reach = random.Next(1, 100);
            var waiting = new List<ulong>();
            var open = new List<ulong>();
            var next = 0UL;
            for (var step = 0; step < 3_000; step++)
            {
                switch (random.Next(3))
                {
                    case 0 when ledger.HasRoom(0, next):
                        waiting.Add(next++);
                        break;
                    case 1 when waiting.Count > 0:
                        var sent = Take(waiting, random.Next(Math.Min(waiting.Count, reach)));
                        model.Send(sent, () => ledger.Sent(0, sent));
                        open.Add(sent);
                        break;
                    case 2 when open.Count > 0:
                        var answered = Take(open, random.Next(Math.Min(open.Count, reach)));
                        if (random.Next(20) == 0)
                        {
                            model.Refuse(answered, () => ledger.Refused(0, answered, 0x99));
                        }
                        else
                        {
                            model.Acknowledge(answered, () => ledger.Acked(0, answered));
                        }

                        break;
                    default:
                        break; // No room, or nothing to send or to answer.
                }
            }

            next.ShouldBeGreaterThan(LedgerLayout.Window * 2UL);
            model.CheckFile();
        });

    [Fact]
    public void A_publish_overtaken_after_256_others_is_not_acknowledged_before_its_answer_comes()
    {
        using var ledger = new LedgerWriter(_directory.Path, "a", 1, 1);
        ledger.Begin(0, "d", 1);
        for (var publish = 0UL; publish < 300; publish++)
        {
            ledger.Sent(0, publish);
            ledger.Acked(0, publish);
        }

        ledger.Sent(0, 301);
        LedgerReader.Read(_directory.Path).Single().Acked.ShouldBe([new(1, 300)]);
        ledger.Acked(0, 301);
        ledger.Sent(0, 300);
        LedgerReader.Read(_directory.Path).Single().Acked.ShouldBe([new(1, 300), new(302, 302)]);
        ledger.Refused(0, 300, 0x99);
        var entry = LedgerReader.Read(_directory.Path).Single();
        entry.Acked.ShouldBe([new(1, 300), new(302, 302)]);
        entry.Refused.ShouldBe([new(301, 301)]);
    }

    [Fact]
    public void A_publish_past_the_window_is_not_taken()
    {
        using var ledger = new LedgerWriter(_directory.Path, "a", 1, 1);
        ledger.Begin(0, "d", 1);
        ledger.Sent(0, LedgerLayout.Window - 1);
        Should.Throw<InvalidOperationException>(() => ledger.Sent(0, LedgerLayout.Window));
    }

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
                // Pairs sent and answered the wrong way round; the first of each 500 pairs is refused.
                for (var publish = 0UL; publish < 100_000; publish += 2)
                {
                    ledger.Sent(0, publish + 1);
                    ledger.Sent(0, publish);
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

    private static ulong Take(List<ulong> from, int index)
    {
        var taken = from[index];
        from.RemoveAt(index);
        return taken;
    }

    /// <summary>What a ledger must say: of an operation that is under way, before or after it; of all that ended, after it.</summary>
    private sealed class LedgerModel(string directory)
    {
        private readonly HashSet<ulong> _acked = [];
        private readonly HashSet<ulong> _refused = [];
        private ulong _sent;
        private (ulong? Sent, ulong? Acked, ulong? Refused) _underWay;
        private bool _begun;

        public void Begin() => _begun = true;

        public void Send(ulong publish, Action send)
        {
            _underWay = (publish, null, null);
            send();
            _underWay = default;
            _sent = Math.Max(_sent, publish + 1);
        }

        public void Acknowledge(ulong publish, Action acknowledge)
        {
            _underWay = (null, publish, null);
            acknowledge();
            _underWay = default;
            _acked.Add(publish + 1);
        }

        public void Refuse(ulong publish, Action refuse)
        {
            _underWay = (null, null, publish);
            refuse();
            _underWay = default;
            _refused.Add(publish + 1);
        }

        public void CheckFile()
        {
            if (LedgerReader.Read(directory).SingleOrDefault() is not { } entry)
            {
                _begun.ShouldBeTrue();
                _sent.ShouldBe(0UL);
                return;
            }

            var sent = _underWay.Sent is { } publish ? Math.Max(_sent, publish + 1) : _sent;
            entry.SentThrough.ShouldBeOneOf(_sent, sent);
            Check(entry.Acked, _acked, _underWay.Acked);
            Check(entry.Refused, _refused, _underWay.Refused);
        }

        private static void Check(IReadOnlyList<SequenceRange> found, HashSet<ulong> done, ulong? underWay)
        {
            var expected = 0;
            foreach (var range in found)
            {
                for (var sequence = range.First; sequence <= range.Last; sequence++)
                {
                    if (done.Contains(sequence))
                    {
                        expected++;
                    }
                    else
                    {
                        (sequence - 1).ShouldBe(underWay ?? ulong.MaxValue);
                    }
                }
            }

            expected.ShouldBe(done.Count);
        }
    }
}
