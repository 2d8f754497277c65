using System.Globalization;
using Telemetry.Evaluation.Nab;
using Telemetry.Processing.Detectors.Typed;
using Telemetry.Tests.Detectors;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Evaluation;

/// <summary>The default set on the files of the Numenta Anomaly Benchmark: those in TELEMETRY_NAB, or beside the repository.</summary>
public sealed class NabCorpusTests(ITestOutputHelper output)
{
    [Fact]
    public void Default_set_scores_above_what_it_was_chosen_for()
    {
        var folder = Folder();
        Assert.SkipWhen(folder is null, "no TELEMETRY_NAB and no shared/reference/nab beside the repository");
        var detector = new TypedDetector(new TypedOptions());
        var files = NabFile.ReadAll(folder);
        double[][] scores = [.. files.Select(file =>
        {
            var state = TestSeries.New(detector);
            return NabScorer.Latch([.. file.Values.Select((value, i) => detector.Watch(state, value, file.Times[i], null).Score)]);
        })];

        foreach (var profile in NabProfile.All)
        {
            var (threshold, score) = NabScorer.Optimise(files, scores, profile);
            var folders = Enumerable.Range(0, files.Count).GroupBy(i => files[i].Folder)
                .Where(f => f.Any(i => files[i].Windows.Count > 0))
                .Select(f => (f.Key, Score: NabScorer.Score([.. f.Select(i => files[i])], [.. f.Select(i => scores[i])], profile, threshold)));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{profile.Name} {score:F1} at {threshold:F2}: {string.Join(", ", folders.Select(f => $"{f.Key} {f.Score:F1}"))}"));
        }

        NabScorer.Optimise(files, scores, NabProfile.All[0]).Score.ShouldBeGreaterThan(63);
    }

    private static string? Folder()
    {
        if (Environment.GetEnvironmentVariable("TELEMETRY_NAB") is { Length: > 0 } named)
        {
            return named;
        }

        var beside = Path.Combine(Repository.Root, "..", "shared", "reference", "nab");
        return Directory.Exists(beside) ? beside : null;
    }
}
