using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>Equal values in a row, by the value as it was sent.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct RunState
{
    public double Value;

    /// <summary>Event time of the run's first value.</summary>
    public long StartMicros;

    public int Length;

    /// <summary>Longest run there was, slowly forgotten: of a counter how long its machine stands still at most, of a state how long it lasts.</summary>
    public float Longest;

    /// <summary>Takes a value; true if it ends a run.</summary>
    public bool Take(double value, long micros)
    {
        if (Length > 0 && value == Value)
        {
            Length = Length == int.MaxValue ? Length : Length + 1;
            return false;
        }

        (Value, StartMicros, Length) = (value, micros, 1);
        return true;
    }

    /// <summary>Learns how long a run was that is over.</summary>
    /// <param name="length">Its length, readings.</param>
    /// <param name="seconds">How long it took.</param>
    /// <param name="halfLifeSeconds">Time after which half of the longest one is forgotten.</param>
    /// <param name="most">It counts as this many times the longest one at most.</param>
    public void Learn(int length, double seconds, double halfLifeSeconds, double most)
    {
        var left = Longest * Math.Pow(2, -Math.Max(0, seconds) / halfLifeSeconds);
        Longest = (float)Math.Max(left, Longest == 0 ? length : Math.Min(length, most * Longest));
    }
}
