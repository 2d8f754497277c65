using Telemetry.Bridge;
using Telemetry.Bridge.Sparkplug.Fold;
using Telemetry.Streams;
using Telemetry.Streams.State;
using Telemetry.Testing.Sparkplug;

namespace Telemetry.Tests.Sparkplug;

/// <summary>
/// What comes out is a function of the log: a run that ends at any record and goes on from the state of some earlier commit gives, byte for
/// byte, what one run without an end gives.
/// </summary>
public sealed class FoldReplayTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void Restarts_at_any_record_change_nothing(int seed)
    {
        var random = new Random(seed);
        var log = Script(random, 1500);
        var options = new BridgeOptions { Sparkplug = new SparkplugOptions { State = new KeyedStateOptions { KeysMax = 6, SweepStride = 16, SnapshotCycle = TimeSpan.FromSeconds(10) } } };
        var expected = Run(options, log, _ => false, random);
        expected.Count.ShouldBeGreaterThan(1000);

        for (var round = 0; round < 4; round++)
        {
            var actual = Run(options, log, r => r.Next(40) == 0, new Random(seed + (100 * round)));

            actual.ShouldBe(expected);
        }
    }

    [Fact]
    public void State_is_read_back_as_it_was_written()
    {
        var fixture = FoldFixture.BornWithDevice();
        fixture.Edge.NData(fixture.Edge.Changed(1, 0)); // Lost.
        fixture.Send(fixture.Edge.NData(fixture.Edge.Changed(1, 1)), fixture.Edge.DDeath("press"));
        var before = fixture.Node;

        fixture.Restart();

        var after = fixture.Node;
        (after.IsOnline, after.BdSeq, after.Expected, after.BirthMs, after.BornAtMs, after.ReorderDueMs, after.Waiting.Count, after.TableBytes, after.MetricCount)
            .ShouldBe((before.IsOnline, before.BdSeq, before.Expected, before.BirthMs, before.BornAtMs, before.ReorderDueMs, before.Waiting.Count, before.TableBytes, before.MetricCount));
        after.All.Select(d => (d.BootId, d.NextSequence, d.IsOnline, d.IsAwaited)).ShouldBe(before.All.Select(d => (d.BootId, d.NextSequence, d.IsOnline, d.IsAwaited)));
        after.All.SelectMany(d => d.Metrics.Entries).Select(m => (Convert.ToHexString(m.Name), m.Type, m.Alias, m.HasAlias, m.Value, m.TimeUs, m.CatalogueHash))
            .ShouldBe(before.All.SelectMany(d => d.Metrics.Entries).Select(m => (Convert.ToHexString(m.Name), m.Type, m.Alias, m.HasAlias, m.Value, m.TimeUs, m.CatalogueHash)));

        // And the timer still fires.
        fixture.Advance(TimeSpan.FromMinutes(1));
        fixture.Tick();
        fixture.Node.RebirthReason.ShouldBe("gap");
    }

    /// <summary>Processes the log with commits in between; a restart goes back to the last commit, whose outputs count.</summary>
    private static List<string> Run(BridgeOptions options, List<LogRecord> log, Func<Random, bool> restarts, Random random)
    {
        var committed = new List<string>();
        var pending = new List<string>();
        var entries = new List<(byte[] Key, byte[] Value)>();
        var offset = 0;
        var fold = new SparkplugFold(options);
        for (var i = 0; i < log.Count; i++)
        {
            fold.Process(log[i]);
            pending.AddRange(fold.Output.Take().Select(r => $"{r.Topic} {Convert.ToHexString(r.Key)} {Convert.ToHexString(r.Value)} {r.TimestampMs}"));
            if (random.Next(10) == 0 || i == log.Count - 1)
            {
                var batch = new StateBatch();
                fold.Collect(batch, i + 1, TimeSpan.FromSeconds(random.Next(3)));
                for (var e = 0; e < batch.Count; e++)
                {
                    batch.Get(e, out var key, out var value);
                    entries.Add((key.ToArray(), value.ToArray()));
                }

                committed.AddRange(pending);
                pending.Clear();
                offset = i + 1;
            }

            if (restarts(random))
            {
                pending.Clear();
                fold = Restore(options, entries, log, offset);
                i = offset - 1;
            }
        }

        return committed;
    }

    private static SparkplugFold Restore(BridgeOptions options, List<(byte[] Key, byte[] Value)> entries, List<LogRecord> log, int committed)
    {
        var fold = new SparkplugFold(options);
        foreach (var (key, value) in entries)
        {
            fold.Table.Load(key, value);
        }

        var (from, _) = fold.Table.CompleteLoad();
        fold.RestorePartition();
        for (var i = (int)from; i < committed; i++)
        {
            fold.Process(log[i]);
        }

        fold.Output.Take().ShouldBeEmpty();
        fold.Table.CompleteReplay();
        return fold;
    }

    /// <summary>Nine nodes that do everything, in order and out of it, with losses, copies, deaths and ticks.</summary>
    private static List<LogRecord> Script(Random random, int count)
    {
        var log = new List<LogRecord>();
        var edges = Enumerable.Range(0, 9).Select(i => new ScriptedEdge("plant", $"line-{i}")).ToArray();
        var nowMs = edges[0].NowMs;
        while (log.Count < count)
        {
            var edge = edges[random.Next(edges.Length)];
            nowMs += random.Next(400);
            edge.NowMs = nowMs;
            var message = random.Next(20) switch
            {
                0 => edge.NBirth(edge.Born("a", 1, random.Next(9)), edge.Born("b", 2, 5)),
                1 or 2 => edge.DBirth($"d{random.Next(3)}", edge.Born("t", 7, random.Next(9))),
                3 => edge.DDeath($"d{random.Next(3)}"),
                4 => edge.NDeath(),
                5 => edge.NData(edge.Changed((ulong)random.Next(5), 1)),
                < 13 => edge.NData(edge.Changed(1, random.NextDouble()), edge.Changed(2, 1)),
                _ => edge.DData($"d{random.Next(3)}", edge.Changed(7, random.NextDouble())),
            };
            if (random.Next(50) == 0)
            {
                continue; // Lost.
            }

            for (var copies = random.Next(20) == 0 ? 2 : 1; copies > 0; copies--)
            {
                log.Add(FoldFixture.RecordOf(message, log.Count, nowMs));
            }

            if (random.Next(30) == 0)
            {
                nowMs += 3000;
                log.Add(new LogRecord("telemetry.sparkplug.v1", 0, log.Count, nowMs, default, Telemetry.Bridge.Sparkplug.Wire.RawPublish.Tick.ToArray(), RecordHeaders.Empty));
            }
        }

        return log;
    }
}
