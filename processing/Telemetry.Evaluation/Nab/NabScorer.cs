namespace Telemetry.Evaluation.Nab;

/// <summary>
/// NAB's scoring (Lavin and Ahmad: Evaluating Real-time Anomaly Detection Algorithms, 2015; the sweep of NAB 1.1): in each window the first
/// detection counts, the earlier the more; a false alarm costs less close behind a window; the probation (15 % of the file, 750 rows at
/// most) counts for nothing. One threshold serves all files and is the best for the profile. 0 is a detector that never speaks, 100 a perfect one.
/// </summary>
public static class NabScorer
{
    private const double ProbationShare = 0.15;
    private const int ProbationRowsMax = 750;

    /// <summary>
    /// What is left of a detector's scores when one cause is told once: a score stands if it is the largest of this many rows, else it is 0.
    /// NAB counts rows, and a finding that lasts is one alarm.
    /// </summary>
    public static double[] Latch(IReadOnlyList<double> scores, int rows = 100)
    {
        var latched = new double[scores.Count];
        var largest = new LinkedList<int>();
        for (var i = 0; i < scores.Count; i++)
        {
            while (largest.First is { } first && first.Value < i - rows)
            {
                largest.RemoveFirst();
            }

            latched[i] = largest.First is null || scores[i] > scores[largest.First.Value] ? scores[i] : 0;
            while (largest.Last is { } last && scores[last.Value] <= scores[i])
            {
                largest.RemoveLast();
            }

            largest.AddLast(i);
        }

        return latched;
    }

    /// <summary>The best threshold for a profile over files, and the score there.</summary>
    /// <param name="files">The files.</param>
    /// <param name="scores">For each file one score a row, larger is stranger.</param>
    /// <param name="profile">The profile.</param>
    public static (double Threshold, double Score) Optimise(
        IReadOnlyList<NabFile> files, IReadOnlyList<double[]> scores, NabProfile profile)
    {
        var rows = new List<(double Score, int File, int Window, double Gain)>();
        for (var f = 0; f < files.Count; f++)
        {
            Rows(files[f], scores[f], profile, (score, window, gain) => rows.Add((score, f, window, gain)));
        }

        rows.Sort((a, b) => b.Score.CompareTo(a.Score));
        var best = new Dictionary<(int, int), double>();
        var total = -profile.FalseNegative * files.Sum(f => f.Windows.Count);
        (double Threshold, double Total) optimum = (double.PositiveInfinity, total);
        for (var i = 0; i < rows.Count; i++)
        {
            var (score, file, window, gain) = rows[i];
            if (window < 0)
            {
                total += gain;
            }
            else
            {
                var had = best.TryGetValue((file, window), out var before) ? before : -profile.FalseNegative;

                // Gains inside windows are never negative: any detection is better than a miss.
                best[(file, window)] = Math.Max(had, gain);
                total += best[(file, window)] - had;
            }

            var last = i + 1 == rows.Count || rows[i + 1].Score < score;
            if (last && total > optimum.Total)
            {
                optimum = (score, total);
            }
        }

        return (optimum.Threshold, Normalise(files, profile, optimum.Total));
    }

    /// <summary>The score over files at a threshold.</summary>
    public static double Score(IReadOnlyList<NabFile> files, IReadOnlyList<double[]> scores, NabProfile profile, double threshold)
    {
        var total = 0.0;
        for (var f = 0; f < files.Count; f++)
        {
            var found = new double[files[f].Windows.Count];
            Array.Fill(found, double.NaN);
            Rows(files[f], scores[f], profile, (score, window, gain) =>
            {
                if (score >= threshold && window < 0)
                {
                    total += gain;
                }
                else if (score >= threshold)
                {
                    found[window] = double.IsNaN(found[window]) ? gain : Math.Max(found[window], gain);
                }
            });
            total += found.Sum(g => double.IsNaN(g) ? -profile.FalseNegative : g);
        }

        return Normalise(files, profile, total);
    }

    private static double Normalise(IReadOnlyList<NabFile> files, NabProfile profile, double total)
    {
        var windows = files.Sum(f => f.Windows.Count);
        var silent = -profile.FalseNegative * windows;
        return 100 * (total - silent) / ((profile.TruePositive * windows) - silent);
    }

    /// <summary>Tells of each row behind the probation what a detection there is worth: its window or -1, and the gain.</summary>
    private static void Rows(NabFile file, double[] scores, NabProfile profile, Action<double, int, double> row)
    {
        var count = file.Values.Count;
        var probation = (int)Math.Min(Math.Floor(ProbationShare * count), ProbationRowsMax);
        var next = 0;
        var mostGain = Sigmoid(-1);
        for (var i = 0; i < count; i++)
        {
            while (next < file.Windows.Count && i > file.Windows[next].Last)
            {
                next++;
            }

            if (i < probation)
            {
                continue;
            }

            if (next < file.Windows.Count && i >= file.Windows[next].First)
            {
                var (first, last) = file.Windows[next];
                var position = -(last - i + 1) / (double)(last - first + 1);
                row(scores[i], next, profile.TruePositive * Sigmoid(position) / mostGain);
            }
            else if (next == 0)
            {
                row(scores[i], -1, -profile.FalsePositive);
            }
            else
            {
                var (first, last) = file.Windows[next - 1];
                row(scores[i], -1, profile.FalsePositive * Sigmoid((i - last) / (double)Math.Max(1, last - first)));
            }
        }
    }

    private static double Sigmoid(double position) =>
        position > 3 ? -1 : (2 / (1 + Math.Exp(5 * position))) - 1;
}
