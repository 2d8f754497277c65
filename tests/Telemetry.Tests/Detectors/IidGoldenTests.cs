using Telemetry.Processing.Detectors;
using Telemetry.Processing.Detectors.Kernels;
using Telemetry.Testing;

namespace Telemetry.Tests.Detectors;

[Spec("mlnet-iid")]
public sealed class IidGoldenTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_carried_iid_series_is_met_to_the_bit() =>
        Check(GoldenFile.Load(GoldenFile.CarriedFolder()));

    [Fact]
    public void Every_iid_series_of_the_reference_is_met_to_the_bit()
    {
        var folder = GoldenFile.AllFolder();
        Assert.SkipWhen(folder is null, "no shared/reference/mlnet/golden beside the repository");
        Check(GoldenFile.Load(folder));
    }

    private void Check(GoldenFile[] files)
    {
        var iid = files.Where(f => f.Mode == "iid").ToArray();
        iid.ShouldNotBeEmpty();
        foreach (var width in Enum.GetValues<SimdWidth>())
        {
            foreach (var repair in new[] { DetectorRepair.Never, DetectorRepair.WhenDead })
            {
                Check(iid, repair, width);
            }
        }
    }

    private void Check(GoldenFile[] files, DetectorRepair repair, SimdWidth width)
    {
        var (exact, within, rows, compared, p, m) = (0, 0, 0, 0, 0.0, 0.0);
        foreach (var file in files)
        {
            var c = GoldenRun.Iid(file, repair, width);
            c.AlertDifferences.ShouldBe(0, file.File);
            c.NanDifferences.ShouldBe(0, file.File);
            c.ScoreRelative.ShouldBe(0, file.File);
            c.PValueRelative.ShouldBeLessThanOrEqualTo(1e-12, file.File);
            c.MartingaleRelative.ShouldBeLessThanOrEqualTo(1e-12, file.File);
            var count = file.Rows().Length;
            if (repair == DetectorRepair.Never || file.NanPValueRows == 0)
            {
                c.Rows.ShouldBe(count, file.File);
            }

            rows += count;
            compared += c.Rows;
            exact += c.BitDifferences == 0 ? 1 : 0;
            within++;
            p = Math.Max(p, c.PValueRelative);
            m = Math.Max(m, c.MartingaleRelative);
        }

        output.WriteLine(
            $"{repair}, width {(int)width}: {within} of {files.Length} within 1e-12, {exact} bit-identical, "
            + $"{compared} of {rows} rows in ML.NET's arithmetic, max p {p:g3}, max martingale {m:g3}");
    }
}
