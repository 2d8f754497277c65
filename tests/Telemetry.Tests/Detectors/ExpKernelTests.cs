using System.Runtime.Intrinsics;
using Telemetry.Processing.Detectors.Kernels;

namespace Telemetry.Tests.Detectors;

public sealed class ExpKernelTests(ITestOutputHelper output)
{
    [Fact]
    public void Exponential_has_the_same_bits_at_every_width()
    {
        var random = new Random(17);
        for (var i = 0; i < 20_000; i++)
        {
            var x = new double[8];
            for (var j = 0; j < 8; j++)
            {
                x[j] = (random.NextDouble() - 0.5) * Math.Pow(2, random.Next(-60, 10));
            }

            var eight = ExpKernel.InRange(Vector512.Create(x));
            var four = ExpKernel.InRange(Vector256.Create(x.AsSpan(4)));
            for (var j = 0; j < 8; j++)
            {
                var one = ExpKernel.InRange(x[j]);
                BitConverter.DoubleToInt64Bits(eight.GetElement(j)).ShouldBe(BitConverter.DoubleToInt64Bits(one));
                if (j >= 4)
                {
                    BitConverter.DoubleToInt64Bits(four.GetElement(j - 4)).ShouldBe(BitConverter.DoubleToInt64Bits(one));
                }
            }
        }
    }

    [Fact]
    public void Exponential_is_within_one_unit_in_the_last_place()
    {
        var random = new Random(18);
        var different = 0;
        const int Count = 1_000_000;
        for (var i = 0; i < Count; i++)
        {
            var x = -random.NextDouble() * 200;
            var expected = BitConverter.DoubleToInt64Bits(Math.Exp(x));
            var ours = BitConverter.DoubleToInt64Bits(ExpKernel.InRange(x));
            Math.Abs(expected - ours).ShouldBeLessThanOrEqualTo(1);
            different += expected == ours ? 0 : 1;
        }

        output.WriteLine($"{different} of {Count} differ from this platform's exp by one unit in the last place");
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(-0.3)]
    [InlineData(7.9)]
    [InlineData(-40.0)]
    [InlineData(double.PositiveInfinity)]
    [InlineData(double.NegativeInfinity)]
    [InlineData(1e200)]
    public void Error_function_has_the_same_bits_at_every_width(double x)
    {
        var one = BitConverter.DoubleToInt64Bits(ErfKernel.Scalar(x));
        BitConverter.DoubleToInt64Bits(ErfKernel.Four(Vector256.Create(x)).GetElement(3)).ShouldBe(one);
        BitConverter.DoubleToInt64Bits(ErfKernel.Eight(Vector512.Create(x)).GetElement(6)).ShouldBe(one);
    }

    [Fact]
    public void Error_function_of_zero_is_the_series_cut_not_zero() =>
        ErfKernel.Scalar(0).ShouldBe(1e-9, 1e-15);
}
