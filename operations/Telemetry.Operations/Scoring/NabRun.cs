using Telemetry.Evaluation.Nab;
using Telemetry.Processing.Detectors;
using Telemetry.Storage.Audit;

namespace Telemetry.Operations.Scoring;

/// <summary>One of NAB's profiles.</summary>
/// <param name="Profile">Name.</param>
/// <param name="Score">Over all files: 0 is a detector that never speaks, 100 a perfect one.</param>
/// <param name="Threshold">The one threshold, best for the profile.</param>
/// <param name="ByFolder">Score of each folder at that threshold; null where a folder has no anomaly.</param>
public sealed record NabScore(string Profile, double Score, double Threshold, IReadOnlyDictionary<string, double?> ByFolder);

/// <summary>Result of scoring on NAB's files.</summary>
/// <param name="Files">Files read.</param>
/// <param name="Values">Values in them.</param>
/// <param name="Profiles">The three profiles.</param>
public sealed record NabReport(int Files, long Values, IReadOnlyList<NabScore> Profiles);

/// <summary>Runs detectors over the Numenta Anomaly Benchmark.</summary>
public static class NabRun
{
    /// <summary>Reads a folder, judges every file with detectors of its own, and scores.</summary>
    /// <param name="folder">Folder with windows.json (or combined_windows.json) and the data.</param>
    /// <param name="detectors">Makes the detectors; the largest score of all counts for a row.</param>
    /// <param name="progress">Told how many files are done; null for nobody.</param>
    /// <exception cref="IOException">A file is missing.</exception>
    /// <exception cref="FormatException">A row cannot be read.</exception>
    public static NabReport Run(string folder, Func<IReadOnlyList<ISeriesDetector>> detectors, IProgress<WorkProgress>? progress)
    {
        var files = NabFile.ReadAll(folder);
        var scores = new List<double[]>(files.Count);
        foreach (var file in files)
        {
            scores.Add(Score(file, detectors()));
            progress?.Report(new WorkProgress("Scoring", scores.Count, files.Count, "files"));
        }

        return new NabReport(files.Count, files.Sum(f => (long)f.Values.Count), [.. NabProfile.All.Select(p => Score(files, scores, p))]);
    }

    private static NabScore Score(IReadOnlyList<NabFile> files, List<double[]> scores, NabProfile profile)
    {
        var (threshold, score) = NabScorer.Optimise(files, scores, profile);
        var folders = Enumerable.Range(0, files.Count).GroupBy(i => files[i].Folder).ToDictionary(
            folder => folder.Key,
            folder => folder.Any(i => files[i].Windows.Count > 0)
                ? NabScorer.Score([.. folder.Select(i => files[i])], [.. folder.Select(i => scores[i])], profile, threshold)
                : (double?)null);
        return new NabScore(profile.Name, score, threshold, folders);
    }

    private static double[] Score(NabFile file, IReadOnlyList<ISeriesDetector> detectors)
    {
        var scores = new double[file.Values.Count];
        foreach (var detector in detectors)
        {
            var state = new byte[detector.StateBytes];
            detector.Initialize(state);
            for (var i = 0; i < scores.Length; i++)
            {
                scores[i] = Math.Max(scores[i], ScoreOf(detector, state, file.Values[i], file.Times[i]));
            }
        }

        return NabScorer.Latch(scores);
    }

    private static double ScoreOf(ISeriesDetector detector, byte[] state, double value, long timeUs)
    {
        if (detector is IFindingDetector findings)
        {
            return findings.Watch(state, value, timeUs, null).Score;
        }

        var result = detector.Update(state, value, timeUs);
        var score = result.Martingale > 0 ? Math.Log10(result.Martingale) : result.PValue > 0 ? -Math.Log10(result.PValue) : 0;
        return double.IsFinite(score) ? Math.Max(0, score) : 0;
    }
}
