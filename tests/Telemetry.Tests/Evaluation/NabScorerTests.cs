using Telemetry.Evaluation.Nab;

namespace Telemetry.Tests.Evaluation;

/// <summary>NAB's scoring on a file small enough to count by hand.</summary>
public sealed class NabScorerTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nab").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Early_detection_is_worth_one_silence_nothing_and_a_false_alarm_its_weight()
    {
        var files = File(rows: 200, firstOfWindow: 100, lastOfWindow: 109);
        var standard = NabProfile.All[0];

        Score(100).ShouldBe(100, 1e-9);
        Score().ShouldBe(0, 1e-9);
        Score(50, 100).ShouldBe(100 - (0.11 * 50), 1e-9);
        Score(10, 100).ShouldBe(100, 1e-9, "the first 15 % count for nothing");
        Score(109).ShouldBe(50 * (1 + (((2 / (1 + Math.Exp(-0.5))) - 1) / ((2 / (1 + Math.Exp(-5))) - 1))), 1e-9);
        Score(100, 110).ShouldBe(100 + (50 * 0.11 * ((2 / (1 + Math.Exp(5.0 / 9))) - 1)), 1e-9);

        double Score(params int[] rows) => NabScorer.Score(files, [Detections(rows)], standard, 1);
        double[] Detections(int[] rows) => [.. Enumerable.Range(0, 200).Select(i => rows.Contains(i) ? 1.0 : 0)];
    }

    [Fact]
    public void Threshold_is_the_best_one_for_all_files_together()
    {
        var files = File(rows: 200, firstOfWindow: 100, lastOfWindow: 109);
        double[] scores = [.. Enumerable.Range(0, 200).Select(i => i == 100 ? 5.0 : i % 40 == 39 ? 3.0 : 0.1)];

        var (threshold, score) = NabScorer.Optimise(files, [scores], NabProfile.All[0]);

        threshold.ShouldBe(5);
        score.ShouldBe(100, 1e-9);
        NabScorer.Score(files, [scores], NabProfile.All[0], threshold).ShouldBe(score, 1e-9);
    }

    [Fact]
    public void One_cause_is_told_once()
    {
        NabScorer.Latch([1, 3, 2, 3, 0, 0, 2, 4, 4], rows: 3).ShouldBe([1, 3, 0, 0, 0, 0, 0, 4, 0]);
        var random = new Random(5);
        double[] scores = [.. Enumerable.Range(0, 500).Select(_ => (double)random.Next(20))];
        var slowly = scores.Select((s, i) => s > scores[Math.Max(0, i - 7)..i].DefaultIfEmpty(-1).Max() ? s : 0);
        NabScorer.Latch(scores, rows: 7).ShouldBe(slowly);
    }

    private IReadOnlyList<NabFile> File(int rows, int firstOfWindow, int lastOfWindow)
    {
        Directory.CreateDirectory(Path.Combine(_folder, "own"));
        var start = new DateTime(2026, 1, 1);
        string Time(int row) => $"{start.AddMinutes(5 * row):yyyy-MM-dd HH:mm:ss}";
        System.IO.File.WriteAllLines(
            Path.Combine(_folder, "own", "a.csv"), ["timestamp,value", .. Enumerable.Range(0, rows).Select(i => $"{Time(i)},{i % 7}")]);
        System.IO.File.WriteAllText(
            Path.Combine(_folder, "windows.json"),
            $$"""{"own/a.csv": [["{{Time(firstOfWindow)}}.000000", "{{Time(lastOfWindow)}}.000000"]]}""");
        return NabFile.ReadAll(_folder);
    }
}
