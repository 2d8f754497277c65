using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>
/// How long a series stays at a level, from how often the median of its last values moves to another one. A level that wanders, or follows the day, does
/// not switch; nor does a fault: what moved just before something was found is taken back, and nothing is counted while it lasts.
/// </summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct DwellState
{
    /// <summary>So many times the noise within a level away is another level.</summary>
    private const double SwitchNoises = 8;

    /// <summary>A switch within this many readings before a finding belongs to it.</summary>
    private const int FaultReadings = 64;

    /// <summary>Level at which it is.</summary>
    public double Anchor;

    /// <summary>How far the last switch went.</summary>
    public float Stride;

    /// <summary>Readings since then.</summary>
    public int Since;

    /// <summary>Times it has moved to another level.</summary>
    public int Switches;

    /// <summary>Readings in all.</summary>
    public int Count;

    /// <summary>Mean readings it stays at a level; 0 while it has not moved.</summary>
    public readonly double Readings => Switches == 0 ? 0 : (double)Count / (Switches + 1);

    /// <summary>Takes the median of the last values.</summary>
    /// <param name="median">In the unit of the values.</param>
    /// <param name="noise">Noise within a level, same unit.</param>
    /// <param name="share">Share of the way that the anchor goes with the median as long as it does not switch, 0 to 1.</param>
    public void Take(double median, double noise, double share)
    {
        Count = Math.Min(Count + 1, int.MaxValue - 1);
        Since = Math.Min(Since + 1, FaultReadings);
        var away = median - Anchor;
        if (Math.Abs(away) > SwitchNoises * noise)
        {
            (Stride, Anchor, Since) = ((float)away, median, 0);
            Switches = Math.Min(Switches + 1, 1_000_000);
        }
        else
        {
            Anchor += share * away;
        }
    }

    /// <summary>True if a median is at the level of before a finding that is over: no further away than a switch goes.</summary>
    public readonly bool IsBack(double median, double noise) =>
        Math.Abs(median - (Since < FaultReadings ? Anchor - Stride : Anchor)) <= SwitchNoises * noise;

    /// <summary>A fault is over: a switch just before it was found was its beginning.</summary>
    public void TakeBack()
    {
        if (Switches > 0 && Since < FaultReadings)
        {
            (Anchor, Since) = (Anchor - Stride, FaultReadings);
            Switches--;
        }
    }

    /// <summary>Begins again at a level.</summary>
    public void Restart(double anchor) => this = new DwellState { Anchor = anchor, Since = FaultReadings };
}
