using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// The last seven values. How far a value lies from their median and from the one before, the smaller of both: a spike is far from both, a
/// step only once. How far the value before stood out from both its neighbours. And how far apart values following each other are.
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

    /// <summary>
    /// Noise within a level: three in ten of the distances from value to value that are not 0 are shorter. A machine that switches every few
    /// readings does not raise it, and of rounded values it is the step.
    /// </summary>
    public double Quiet;

    public int Count;
    private readonly int _pad;

    public readonly double Last => Recent[(Count + 6) % 7];

    public readonly double BeforeLast => Recent[(Count + 5) % 7];

    /// <summary>Takes a value; the means stay as they were before it until <see cref="Learn"/>.</summary>
    public void Take(double x, out double residual, out double jump, out double peak)
    {
        if (Count == 0)
        {
            for (var i = 0; i < 7; i++)
            {
                Recent[i] = x;
            }
        }

        var (last, before) = (Last, BeforeLast);
        jump = Math.Abs(x - last);
        peak = (last - before) * (last - x) > 0 ? Math.Min(Math.Abs(last - before), jump) : 0;
        residual = Math.Min(Math.Abs(x - Median), jump);
        Recent[Count % 7] = x;
        Count = Count == 7_000_000 ? 7 : Count + 1;
        if (jump > 1e-9 * Math.Abs(x))
        {
            // Quantile by stochastic approximation, in steps relative to itself.
            Quiet = Quiet == 0 ? jump : Quiet * (1 + ((Count < 100 ? 0.1 : 0.02) * (jump > Quiet ? 0.3 : -0.7)));
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

    /// <summary>Gap between the last three values and the four before; 0 where they overlap.</summary>
    public readonly double Step
    {
        get
        {
            var at = Count % 7;
            var (low, high) = Reach(ref at, 4);
            var (least, most) = Reach(ref at, 3);
            return Math.Max(0, Math.Max(least - high, low - most));
        }
    }

    /// <summary>Middle one of the seven, by a network of exchanges (Devillard: Fast median search, 1998).</summary>
    public readonly double Median
    {
        get
        {
            double a = Recent[0], b = Recent[1], c = Recent[2], d = Recent[3], e = Recent[4], f = Recent[5], g = Recent[6];
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
    }

    /// <summary>Lowest and highest of so many values in the order they came; goes on to the next one.</summary>
    private readonly (double Low, double High) Reach(ref int at, int count)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var i = 0; i < count; i++)
        {
            (low, high) = (Math.Min(low, Recent[at]), Math.Max(high, Recent[at]));
            at = at == 6 ? 0 : at + 1;
        }

        return (low, high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Order(ref double low, ref double high)
    {
        var least = Math.Min(low, high);
        high = Math.Max(low, high);
        low = least;
    }

    [InlineArray(7)]
    public struct Seven
    {
        private double _first;
    }
}
