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
    private readonly int _pad;

    public void Take(double value, long micros)
    {
        if (Length > 0 && value == Value)
        {
            Length = Length == int.MaxValue ? Length : Length + 1;
            return;
        }

        (Value, StartMicros, Length) = (value, micros, 1);
    }
}
