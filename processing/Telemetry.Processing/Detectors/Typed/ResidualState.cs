using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// Distance of a value from the median of the last seven and from the one before, the smaller of both: a spike is far from both, a step
/// only once. And the mean distance from value to value, for noise bursts.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct ResidualState
{
    /// <summary>Length of the slow means, readings.</summary>
    private const double SlowShare = 1.0 / 200;

    /// <summary>A distance counts for the slow means as this many times the mean at most: faults are not learned in full.</summary>
    private const double StepMax = 5;

    private const double ScatterShare = 0.2;

    public Seven Recent;

    /// <summary>Slow mean of the residual.</summary>
    public double Scale;

    /// <summary>Slow mean of the distance from value to value.</summary>
    public double Jump;

    /// <summary>Fast mean of the same, capped.</summary>
    public double Scatter;

    /// <summary>Smallest change yet; 0 before the first.</summary>
    public double Step;

    public int Count;
    private readonly int _pad;

    public readonly double Last => Recent[(Count + 6) % 7];

    /// <summary>Takes a value; returns its residual and leaves the means as they are before it.</summary>
    public void Take(double x, out double residual, out double jump, out double median)
    {
        if (Count == 0)
        {
            for (var i = 0; i < 7; i++)
            {
                Recent[i] = x;
            }
        }

        median = Seven.Median(Recent);
        jump = Math.Abs(x - Last);
        residual = Math.Min(Math.Abs(x - median), jump);
        Recent[Count % 7] = x;
        Count = Count == 7_000_000 ? 7 : Count + 1;
        if (jump > 0 && (Step == 0 || jump < Step))
        {
            Step = jump;
        }
    }

    /// <summary>Learns from a value's distances, in capped steps.</summary>
    public void Learn(double residual, double jump, double floor)
    {
        var share = Math.Max(SlowShare, 1.0 / (Count + 1));
        Scale += share * (Math.Min(residual, StepMax * Math.Max(Scale, floor)) - Scale);
        Scatter += ScatterShare * (Math.Min(jump, 2 * StepMax * Math.Max(Jump, floor)) - Scatter);
        Jump += share * (Math.Min(jump, StepMax * Math.Max(Jump, floor)) - Jump);
    }

    [InlineArray(7)]
    public struct Seven
    {
        private double _first;

        /// <summary>Middle one of seven, by a network of exchanges (Devillard: Fast median search).</summary>
        public static double Median(in Seven v)
        {
            double a = v[0], b = v[1], c = v[2], d = v[3], e = v[4], f = v[5], g = v[6];
            Order(ref a, ref f);
            Order(ref a, ref d);
            Order(ref b, ref g);
            Order(ref c, ref e);
            Order(ref a, ref b);
            Order(ref d, ref f);
            Order(ref c, ref g);
            Order(ref c, ref d);
            Order(ref d, ref g);
            Order(ref e, ref f);
            Order(ref b, ref e);
            Order(ref b, ref d);
            Order(ref d, ref e);
            return d;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Order(ref double low, ref double high)
        {
            var least = Math.Min(low, high);
            high = Math.Max(low, high);
            low = least;
        }
    }
}
