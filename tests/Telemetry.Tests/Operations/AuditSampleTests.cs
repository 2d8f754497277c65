using Telemetry.Operations.Audit;
using Telemetry.Storage.Audit;

namespace Telemetry.Tests.Operations;

public sealed class AuditSampleTests
{
    [Fact]
    public void Every_device_is_drawn_with_the_same_probability()
    {
        var devices = Enumerable.Range(0, 200).Select(i => $"press-{i:D4}").ToList();
        const int draws = 4_000;
        var drawn = devices.ToDictionary(d => d, d => Enumerable.Range(0, draws).Count(seed => new AuditSample(0.1, (uint)seed * 7919).Contains(d)));

        // Six standard deviations of a binomial distribution with these numbers are 114 draws.
        drawn.Values.ShouldAllBe(n => Math.Abs(n - (draws / 10)) < 114);
    }

    [Fact]
    public void Sample_is_as_large_as_its_share()
    {
        foreach (var seed in Enumerable.Range(1, 20))
        {
            var sample = new AuditSample(0.01, (uint)seed * 104_729);
            Enumerable.Range(0, 100_000).Count(i => sample.Contains($"device-{i}")).ShouldBeInRange(800, 1_200);
        }
    }

    [Fact]
    public void All_leaves_nothing_out() => AuditSample.All.Contains("anything").ShouldBeTrue();

    /// <summary>The rule of three: about 3 / n.</summary>
    [Theory]
    [InlineData(300, 10_000, 0.00994)]
    [InlineData(10, 10_000, 0.2589)]
    [InlineData(0, 10_000, 1)]
    [InlineData(7, 7, 0)]
    public void Sample_says_how_few_devices_can_have_a_difference(long devices, long all, double below) =>
        new SampledDevices(0.03, devices, all).AffectedBelow.ShouldBe(below, 0.0001);

    [Fact]
    public void Counts_of_a_sample_stand_for_all() => new SampledDevices(0.01, 100, 10_000).OfAll(3).ShouldBe(300);
}
