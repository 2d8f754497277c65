using Telemetry.Evaluation.Events;

namespace Telemetry.Tests.Evaluation;

/// <summary>Alarms are matched to faults event by event.</summary>
public sealed class EventScoreTests
{
    private const long Second = 1_000_000;

    [Fact]
    public void Alarm_counts_once_inside_is_nothing_in_the_recovery_and_false_elsewhere()
    {
        var score = new EventScore(new MatchRules());
        score.Add(
            "flow", 0, Second,
            [new FaultLabel("drift", 100 * Second, 150 * Second, 7), new FaultLabel("level-shift", 300 * Second, 350 * Second, 4)],
            [At(120), At(140), At(158), At(161), At(250)]);

        score.All.Faults.ShouldBe(2);
        score.All.Found.ShouldBe(1);
        score.RecoveryAlarms.ShouldBe(1);
        score.FalseAlarms.ShouldBe(2);
        score.Precision.ShouldBe(1 / 3.0, 1e-12);
        score.ByKind["drift"].MedianDelayReadings.ShouldBe(20);
        score.ByKind["level-shift"].Recall.ShouldBe(0);
        score.ByMagnitude.Keys.ShouldBe(["drift 6-9", "level-shift 4-6"]);
    }

    [Fact]
    public void Only_spikes_and_dropouts_have_grace()
    {
        foreach (var (kind, found) in new[] { ("spike", 1), ("dropout", 1), ("stuck-at", 0) })
        {
            var score = new EventScore(new MatchRules());
            score.Add("flow", 0, Second, [new FaultLabel(kind, 100 * Second, 100 * Second, 9)], [At(102)]);

            score.All.Found.ShouldBe(found, kind);
        }
    }

    private static RaisedAlarm At(int second) => new(second * Second, "Spike", 7);
}
