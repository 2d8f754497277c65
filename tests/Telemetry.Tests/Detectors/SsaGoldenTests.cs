using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Detectors;

[Spec("mlnet-ssa")]
public sealed class SsaGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_carried_ssa_series_is_met() => Check(GoldenFile.Load(GoldenFile.CarriedFolder()));

    [Fact]
    public void Every_ssa_series_of_the_reference_is_met()
    {
        var folder = GoldenFile.AllFolder();
        Assert.SkipWhen(folder is null, "no shared/reference/mlnet/golden beside the repository");
        Check(GoldenFile.Load(folder));
    }

    private void Check(GoldenFile[] files)
    {
        foreach (var width in new[] { SimdWidth.One, SimdWidths.Best })
        {
            CheckTight([.. files.Where(f => f.Class == "tight")], width);
            CheckDegenerate([.. files.Where(f => f.Class == "degenerate")], width);
        }
    }

    private void CheckTight(GoldenFile[] files, SimdWidth width)
    {
        files.ShouldNotBeEmpty();
        var (identical, alerts, borderline, score, p, m) = (0, 0, 0, 0.0, 0.0, 0.0);
        foreach (var file in files)
        {
            var (c, fit) = GoldenRun.Ssa(file, DetectorRepair.Never, width);
            fit.Rank.ShouldBe(file.Model!.Rank, file.File);
            fit.Window.ShouldBe(file.Model.Window, file.File);
            c.Rows.ShouldBe(file.Rows().Count(r => r.Alert is not null), file.File);
            c.NanDifferences.ShouldBe(0, file.File);
            c.ScoreToInput.ShouldBeLessThanOrEqualTo(1e-5, file.File);
            c.PValueAbsolute.ShouldBeLessThanOrEqualTo(1e-3, file.File);
            c.LogMartingale.ShouldBeLessThanOrEqualTo(1e-2, file.File);
            (c.AlertDifferences - c.BorderlineAlertDifferences).ShouldBe(0, file.File);
            identical += c.BitDifferences == 0 ? 1 : 0;
            alerts += c.AlertDifferences;
            borderline += c.BorderlineAlertDifferences;
            score = Math.Max(score, c.ScoreToInput);
            p = Math.Max(p, c.PValueAbsolute);
            m = Math.Max(m, c.LogMartingale);
        }

        output.WriteLine(
            $"width {(int)width}: {files.Length} of {files.Length} tight, {identical} bit-identical, {alerts} alerts differ "
            + $"({borderline} at the threshold), max score/input {score:g3}, p {p:g3}, ln martingale {m:g3}");
    }

    /// <summary>Noise-free training: the rank depends on the last bits even in ML.NET; only the scale can be asked for.</summary>
    private void CheckDegenerate(GoldenFile[] files, SimdWidth width)
    {
        var (sameRank, identical, score) = (0, 0, 0.0);
        foreach (var file in files)
        {
            var (c, fit) = GoldenRun.Ssa(file, DetectorRepair.Never, width);
            c.Rows.ShouldBe(file.Rows().Count(r => r.Alert is not null), file.File);
            c.ScoreToInput.ShouldBeLessThanOrEqualTo(0.05, file.File);
            score = Math.Max(score, c.ScoreToInput);
            sameRank += fit.Rank == file.Model?.Rank ? 1 : 0;
            identical += c.BitDifferences == 0 ? 1 : 0;
        }

        output.WriteLine(
            $"width {(int)width}: {files.Length} degenerate, {sameRank} of the same rank, {identical} bit-identical, "
            + $"max score/input {score:g3}");
    }
}
