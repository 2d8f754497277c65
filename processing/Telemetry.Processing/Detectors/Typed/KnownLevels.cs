using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// A sample of the values of the last day or so, sorted. How far the third-nearest of them is tells whether this series knows a level; one
/// or two faults in the sample do not make theirs known. Values are kept as distances from an origin, so that single precision is enough.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct KnownLevels
{
    public const int Capacity = 124;

    /// <summary>Neighbours that tell how dense the sample is.</summary>
    private const int Around = 8;

    /// <summary>Readings a value chosen waits before it is taken.</summary>
    private const int CandidateWait = 16;

    public double Origin;
    public Values Sorted;
    public int Count;

    /// <summary>Readings offered.</summary>
    public int Offered;

    /// <summary>Time since the last one was taken, seconds.</summary>
    public float Waiting;

    /// <summary>A value chosen for the sample, as a distance from the origin, and the readings it has waited.</summary>
    public float Candidate;

    public short CandidateAge;

    /// <summary>Readings that are still taken at once.</summary>
    public short Renewing;
    private uint _random;

    /// <summary>
    /// Distance to the third-nearest value known, and how far the nearest one lies apart from its eighth neighbour on the far side of the
    /// value: the sample's own density. Both 0 while fewer than eight are known.
    /// </summary>
    public readonly double Distance(double x, out double apart)
    {
        apart = 0;
        if (Count < 8)
        {
            return 0;
        }

        ReadOnlySpan<float> sorted = ((ReadOnlySpan<float>)Sorted)[..Count];
        var at = (float)(x - Origin);
        var right = LowerBound(sorted, at);
        var left = right - 1;
        var isLeft = right == sorted.Length || (left >= 0 && at - sorted[left] <= sorted[right] - at);
        apart = isLeft
            ? sorted[left] - sorted[Math.Max(0, left - Around)]
            : sorted[Math.Min(sorted.Length - 1, right + Around)] - sorted[right];
        var distance = 0f;
        for (var i = 0; i < 3; i++)
        {
            var toLeft = left >= 0 ? at - sorted[left] : float.PositiveInfinity;
            var toRight = right < sorted.Length ? sorted[right] - at : float.PositiveInfinity;
            if (toLeft <= toRight)
            {
                distance = toLeft;
                left--;
            }
            else
            {
                distance = toRight;
                right++;
            }
        }

        return distance;
    }

    /// <summary>The value below which a share of the sample lies, 0 to 1; the origin while nothing is known.</summary>
    public readonly double Quantile(double share) =>
        Count == 0 ? Origin : Origin + Sorted[(int)(share * (Count - 1))];

    /// <summary>
    /// Offers a value. At first each is taken, then a fair sample of all, then one in so much time that half of the sample is renewed in the
    /// half-life.
    /// </summary>
    public void Offer(double x, double elapsedSeconds, double halfLifeSeconds)
    {
        if (Renewing > 0)
        {
            Renewing--;
            Insert((float)(x - Origin), (int)(Next() % (uint)Count));
            return;
        }

        if (CandidateAge > 0 && CandidateAge++ >= CandidateWait)
        {
            Insert(Candidate, (int)(Next() % Capacity));
            CandidateAge = 0;
        }

        Offered = Offered == int.MaxValue ? Offered : Offered + 1;
        Waiting += (float)elapsedSeconds;
        var pace = halfLifeSeconds / (0.69 * Capacity);
        if (Count == Capacity && Waiting < pace && Next() * (1.0 / uint.MaxValue) * Offered >= Capacity)
        {
            return;
        }

        Waiting = (float)Math.Max(0, Math.Min(Waiting - pace, pace));
        if (Count == Capacity)
        {
            (Candidate, CandidateAge) = ((float)(x - Origin), 1);
            return;
        }

        if (Count == 0)
        {
            Origin = x;
            _random = 2463534242;
        }

        Insert((float)(x - Origin), Count++);
    }

    /// <summary>A value chosen waits, and is forgotten when something is found meanwhile.</summary>
    public void Distrust() => CandidateAge = 0;

    /// <summary>Takes values as fast as at the start again.</summary>
    public void Renew() => (Offered, Renewing) = (Math.Min(Offered, Capacity), Capacity);

    /// <summary>Forgets what lies far outside of the middle half: junk after power-on.</summary>
    public void ForgetOutliers(double widths)
    {
        var low = Quantile(0.25);
        var high = Quantile(0.75);
        var middle = Quantile(0.5);
        Span<float> sorted = Sorted;
        var reach = widths * Math.Max(Math.Max(high - low, 1e-3 * Math.Abs(middle)), 1e-12);
        var kept = 0;
        for (var i = 0; i < Count; i++)
        {
            if (Math.Abs(Origin + sorted[i] - middle) <= reach)
            {
                sorted[kept++] = sorted[i];
            }
        }

        Count = kept;
    }

    /// <summary>Puts a value in its place and takes the one at an index away (the end: none).</summary>
    private void Insert(float value, int free)
    {
        Span<float> sorted = Sorted;
        while (free > 0 && sorted[free - 1] > value)
        {
            sorted[free] = sorted[free - 1];
            free--;
        }

        while (free < Count - 1 && sorted[free + 1] < value)
        {
            sorted[free] = sorted[free + 1];
            free++;
        }

        sorted[free] = value;
    }

    private static int LowerBound(ReadOnlySpan<float> sorted, float value)
    {
        var low = 0;
        var length = sorted.Length;
        while (length > 0)
        {
            var half = length >> 1;
            if (sorted[low + half] < value)
            {
                low += half + 1;
                length -= half + 1;
            }
            else
            {
                length = half;
            }
        }

        return low;
    }

    /// <summary>Xorshift (Marsaglia, 2003): the same sequence for every series, so that a replay samples alike.</summary>
    private uint Next()
    {
        _random ^= _random << 13;
        _random ^= _random >> 17;
        return _random ^= _random << 5;
    }

    [InlineArray(Capacity)]
    public struct Values
    {
        private float _first;
    }
}
