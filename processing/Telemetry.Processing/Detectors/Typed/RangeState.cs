using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Lowest and highest value yet, and how far a value goes beyond.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct RangeState
{
    /// <summary>A record by less than this share of the range is none.</summary>
    private const double Share = 0.02;

    public double Low;
    public double High;

    public void Start(double low, double high) => (Low, High) = (low, high);

    /// <summary>Takes a value; returns the record's score, 0 if it is none.</summary>
    /// <remarks>3 at two in a hundred of the range, and three more for each tenfold: the prototype measured on the Numenta files.</remarks>
    public double Take(double x)
    {
        var range = High - Low;
        var excess = Math.Max(x - High, Low - x);
        (Low, High) = (Math.Min(Low, x), Math.Max(High, x));
        var part = Share * range;
        return range > 0 && excess > part ? 3 + (3 * Math.Log10(1 + Math.Min(1e30, excess / part))) : 0;
    }
}
