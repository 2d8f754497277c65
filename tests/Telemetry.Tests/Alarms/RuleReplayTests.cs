using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Rules;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Streams;

namespace Telemetry.Tests.Alarms;

/// <summary>What rules tell is a function of the log: restarts at any record change nothing, byte for byte.</summary>
public sealed class RuleReplayTests
{
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
            Run(log, crashes: true, new Random((100 * seed) + round)).ShouldBe(expected);
        }
    }

    private static List<string> Run(List<LogRecord> log, bool crashes, Random random)
    {
        var rules = RuleFixture.Parse(Rules);
        var committed = new List<string>();
        var state = new List<(byte[] Key, byte[] Value)>();
        var fold = new RuleFold(new AlarmsOptions(), rules);
        fold.Loaded();
        var offset = 0;
        for (var i = 0; i < log.Count; i++)
        {
            fold.Process(log[i]);
            if (random.Next(7) == 0 || i == log.Count - 1)
            {
                var changes = new FoldChanges();
                fold.Collect(changes);
                committed.AddRange(changes.Outputs.Select(o => $"{o.Topic} {Convert.ToHexString(o.Key)} {Convert.ToHexString(o.Value)} {o.TimestampMs}"));
                state.AddRange(changes.State);
                offset = i + 1;
            }

            if (crashes && random.Next(25) == 0)
            {
                fold = new RuleFold(new AlarmsOptions(), rules);
                foreach (var (key, value) in state)
                {
                    fold.Load(key, value);
                }

                fold.Loaded();
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
