using Google.Protobuf;
using Telemetry.Alarms.Folding;
using Telemetry.Alarms.Keeping;
using Telemetry.Alarms.Setup;
using Telemetry.Contracts;
using Telemetry.Contracts.Alarms;
using Telemetry.Contracts.V1;
using Telemetry.Streams;

namespace Telemetry.Tests.Alarms;

/// <summary>
/// What comes out is a function of the log: a run that ends at any record and goes on from the state of its last commit gives, byte for byte, what one
/// run without an end gives.
/// </summary>
public sealed class KeeperReplayTests
{
    private static readonly AlarmsOptions Options = new() { AlarmsMax = 40, ForgetAfter = TimeSpan.FromMinutes(10) };

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Restarts_at_any_record_change_nothing(int seed)
    {
        var log = Script(new Random(seed), 3000);
        var expected = Run(log, commitEvery: 1, crashes: false, new Random(seed));
        foreach (var transition in Enum.GetValues<AlarmTransition>().Where(t => t != AlarmTransition.Unspecified))
        {
            expected.ShouldContain(line => line.Contains($" {transition} ", StringComparison.Ordinal), $"the script never has {transition}");
        }

        for (var round = 0; round < 5; round++)
        {
            Run(log, commitEvery: 7, crashes: true, new Random((100 * seed) + round)).ShouldBe(expected);
        }
    }

    /// <summary>Outputs of committed transactions only; a crash loses what came after the last one, and goes on from it.</summary>
    private static List<string> Run(List<LogRecord> log, int commitEvery, bool crashes, Random random)
    {
        var committed = new List<string>();
        var state = new List<(byte[] Key, byte[] Value)>();
        var keeper = new AlarmKeeper(Options, 0);
        keeper.Loaded();
        var offset = 0;
        for (var i = 0; i < log.Count; i++)
        {
            keeper.Process(log[i]);
            if (random.Next(commitEvery) == 0 || i == log.Count - 1)
            {
                var changes = new FoldChanges();
                keeper.Collect(changes);
                committed.AddRange(changes.Outputs.Select(o => $"{o.Topic} {Describe(o)} {Convert.ToHexString(o.Key)} {Convert.ToHexString(o.Value)} {o.TimestampMs}"));
                state.AddRange(changes.State);
                offset = i + 1;
            }

            if (crashes && random.Next(25) == 0)
            {
                keeper = new AlarmKeeper(Options, 0);
                foreach (var (key, value) in state)
                {
                    keeper.Load(key, value);
                }

                keeper.Loaded();
                i = offset - 1;
            }
        }

        return committed;
    }

    private static string Describe(FoldRecord record) => record.Topic == LogTopics.Alarms ? KeeperFixture.Decode(record.Value).Transition.ToString() : "";

    /// <summary>Twelve devices with every kind of input, in a time that now and then goes back.</summary>
    private static List<LogRecord> Script(Random random, int count)
    {
        var handlings = new[]
        {
            new RuleHandling(),
            new RuleHandling { OnDelay = TimeSpan.FromSeconds(20), OffDelay = TimeSpan.FromSeconds(15) },
            new RuleHandling { FlapCount = 2, FlapWithin = TimeSpan.FromMinutes(3) },
            new RuleHandling { SuppressedBy = ["rule-0"] },
        };
        var log = new List<LogRecord>();
        var nowMs = 1_700_000_000_000L;
        while (log.Count < count)
        {
            nowMs += random.Next(5000);
            var device = $"press-{random.Next(12):00}";
            var rule = random.Next(4);
            var input = new AlarmInput();
            switch (random.Next(12))
            {
                case 0:
                    input.Tick = new AlarmTick();
                    break;
                case < 3:
                    input.Member = new AlarmGroupMember
                    {
                        Group = "site", Member = device, Active = random.Next(2) == 0, AtLeast = 4, Priority = AlarmPriority.High, Text = "{count} are gone",
                    };
                    break;
                case < 6:
                    input.Command = new AlarmCommand
                    {
                        CommandId = $"c{log.Count}",
                        AlarmId = AlarmId.Of(device, "oil", $"rule-{rule}"),
                        Device = device,
                        Action = (AlarmAction)random.Next(1, 7),
                        By = "ann",
                        Comment = random.Next(2) == 0 ? "" : "a word",
                        UntilUs = (nowMs + random.Next(-10_000, 120_000)) * 1000,
                    };
                    break;
                default:
                    input.Condition = new AlarmCondition
                    {
                        Device = device,
                        Sensor = "oil",
                        Source = $"rule-{rule}",
                        Kind = "threshold",
                        Active = random.Next(3) > 0,
                        Priority = (AlarmPriority)random.Next(1, 5),
                        Text = "oil is hot",
                        Value = random.NextDouble(),
                        EventTimeUs = nowMs * 1000,
                        Handling = handlings[rule].ToMessage(),
                    };
                    break;
            }

            var timestampMs = random.Next(20) == 0 ? nowMs - 60_000 : nowMs;
            log.Add(new LogRecord(LogTopics.AlarmInputs, 0, log.Count, timestampMs, default, input.ToByteArray(), RecordHeaders.Empty));
        }

        return log;
    }
}
