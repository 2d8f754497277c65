using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Rules;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Tests.Alarms;

/// <summary>What rules tell is a function of the log: restarts at any record change nothing, byte for byte.</summary>
public sealed class RuleReplayTests
{
    private const string Group = "rules";
    private const string Rules =
        """
        {"name": "hot", "type": "threshold", "sensor": "a", "above": 8, "below": 1, "deadband": 1, "for": "20s"},
        {"name": "fast", "type": "rate", "sensor": "*", "above": 5, "below": -5, "per": "30s"},
        {"name": "frozen", "type": "stale", "sensor": "b", "after": "30s"},
        {"name": "gone", "type": "absent", "after": "40s"},
        {"name": "gone-a", "type": "absent", "sensor": "a", "after": "25s", "alarm": false},
        {"name": "delta", "type": "expression", "expression": "a - b > 3", "deadband": 1, "maxAge": "1m"},
        {"name": "site", "type": "group", "of": "gone", "atLeast": 2},
        {"name": "site-a", "type": "group", "of": "gone-a", "atLeast": 2}
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Restarts_at_any_record_change_nothing(int seed)
    {
        var log = Script(new Random(seed), 3000);
        var expected = Run(log, crashes: false, new Random(seed));
        expected.Count.ShouldBeGreaterThan(300);
        for (var round = 0; round < 5; round++)
        {
            var told = Run(log, crashes: true, new Random((100 * seed) + round));
            Inputs(told).ShouldBe(Inputs(expected));
            Pins(told).ShouldBe(Pins(expected));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Rules_that_change_are_pinned_to_offsets_and_a_replay_that_follows_the_pins_tells_alike(int seed)
    {
        var log = Script(new Random(seed), 3000);
        for (var round = 0; round < 5; round++)
        {
            var book = new AlarmRulesBook();
            var told = Run(log, crashes: true, new Random((100 * seed) + round), new Changes(book, IsReplay: false));
            var pins = book.PinsOf(Group, 0);
            pins.Count.ShouldBeGreaterThan(10);
            pins.ShouldAllBe(pin => pin.All.All(fingerprint => book.Find(fingerprint) != null));

            var again = Run(log, crashes: false, new Random(1), new Changes(book, IsReplay: true));
            Inputs(again).ShouldBe(Inputs(told));
            Pins(again).ShouldBe(Pins(told));
        }
    }

    [Fact]
    public void A_book_keeps_the_newest_documents_and_the_rules_in_force()
    {
        var book = new AlarmRulesBook();
        string? first = null;
        for (var version = 1; version <= AlarmRulesBook.DocumentsMax + 5; version++)
        {
            var record = Document(version);
            first ??= AlarmRulesBook.FingerprintOf(record.Document.Span);
            AlarmRulesRecord? inForce = null;
            foreach (var (key, value) in book.RecordsOf(record, AlarmRulesBook.NewKey(record)))
            {
                inForce = book.Take(key, value) ?? inForce;
            }

            inForce.ShouldBe(record);
            book.Find(AlarmRulesBook.FingerprintOf(record.Document.Span)).ShouldNotBeNull();
            (book.Find(first) is null).ShouldBe(version > AlarmRulesBook.DocumentsMax);
        }
    }

    private static IEnumerable<string> Inputs(List<string> told) => told.Where(line => line.StartsWith(LogTopics.AlarmInputs, StringComparison.Ordinal));

    /// <summary>The last record of each key.</summary>
    private static Dictionary<string, string> Pins(List<string> told) => told.Where(line => line.StartsWith(LogTopics.AlarmRules, StringComparison.Ordinal))
        .Select(line => line.Split(' ')).GroupBy(parts => parts[1]).ToDictionary(pin => pin.Key, pin => pin.Last()[2]);

    /// <summary>Rules that change while the log is read: at random, or where the book's pins say.</summary>
    private sealed record Changes(AlarmRulesBook Book, bool IsReplay)
    {
        private readonly Dictionary<string, AlarmRules> _parsed = [];
        private readonly Dictionary<long, RulesPin>? _pins = IsReplay ? Book.PinsOf(Group, 0).ToDictionary(p => p.Offset) : null;

        public AlarmRules Of(string fingerprint) => _parsed.TryGetValue(fingerprint, out var rules) ? rules : _parsed[fingerprint] = Book.Find(fingerprint)!;

        /// <summary>The rules that are put in force before a record, one after the other.</summary>
        public IEnumerable<AlarmRules> At(long offset, Random random)
        {
            if (_pins is not null)
            {
                return _pins.TryGetValue(offset, out var pin) ? pin.All.Select(Of) : [];
            }

            if (random.Next(80) > 0)
            {
                return [];
            }

            var record = Document(1 + random.Next(20));
            foreach (var (key, value) in Book.RecordsOf(record, AlarmRulesBook.NewKey(record)))
            {
                Book.Take(key, value);
            }

            return [Of(AlarmRulesBook.FingerprintOf(record.Document.Span))];
        }
    }

    private static AlarmRulesRecord Document(int version)
    {
        var lines = Rules.Split('\n');
        var random = new Random(version);
        var some = lines.Where(l => l.Contains("\"gone", StringComparison.Ordinal) || random.Next(3) > 0).Select(l => l.Trim().TrimEnd(','));
        return new AlarmRulesRecord
        {
            Version = (ulong)version,
            Document = ByteString.CopyFromUtf8($"{{\"rules\": [{string.Join(",", some)}]}} // {version}"),
        };
    }

    private static List<string> Run(List<LogRecord> log, bool crashes, Random random, Changes? changing = null)
    {
        var rules = RuleFixture.Parse(Rules);
        var book = changing is { IsReplay: false } ? changing.Book : new AlarmRulesBook();
        if (changing is not null)
        {
            rules = AlarmRules.Default;
        }

        var committed = new List<string>();
        var state = new List<(byte[] Key, byte[] Value)>();
        var fold = new RuleFold(new AlarmsOptions(), new RulesPins(Group, 0, []));
        fold.Loaded();
        fold.UseRules(rules, 0);
        var offset = 0;
        for (var i = 0; i < log.Count; i++)
        {
            foreach (var other in changing?.At(i, random) ?? [])
            {
                rules = other;
                fold.UseRules(rules, i);
            }

            fold.Process(log[i]);
            if (random.Next(7) == 0 || i == log.Count - 1)
            {
                var changes = new FoldChanges();
                fold.Collect(changes);
                committed.AddRange(changes.Outputs.Select(o => $"{o.Topic} {Convert.ToHexString(o.Key)} {Convert.ToHexString(o.Value)} {o.TimestampMs}"));
                state.AddRange(changes.State);
                foreach (var pin in changes.Outputs.Where(o => o.Topic == LogTopics.AlarmRules))
                {
                    book.Take(pin.Key, pin.Value);
                }

                offset = i + 1;
            }

            if (crashes && random.Next(25) == 0)
            {
                fold = new RuleFold(new AlarmsOptions(), new RulesPins(Group, 0, book.PinsOf(Group, 0)));
                foreach (var (key, value) in state)
                {
                    fold.Load(key, value);
                }

                fold.Loaded();
                fold.UseRules(rules, offset);
                i = offset - 1;
            }
        }

        return committed;
    }

    private static List<LogRecord> Script(Random random, int count)
    {
        var log = new List<LogRecord>();
        var nowMs = 1_700_000_000_000L;
        while (log.Count < count)
        {
            nowMs += random.Next(2000);
            var device = random.Next(6);
            if (random.Next(8) > device)
            {
                continue; // Some send seldom.
            }

            var timeMs = random.Next(15) == 0 ? nowMs - random.Next(100_000) : nowMs;
            byte[] value = random.Next(20) == 0
                ? [0]
                : RuleFixture.Record($"d{device}", timeMs, (random.Next(3) == 0 ? "b" : "a", random.Next(10)));
            log.Add(new LogRecord(LogTopics.Readings, 0, log.Count, nowMs, default, value, RecordHeaders.Empty));
        }

        return log;
    }
}
