using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors;

/// <summary>State of one series in an <see cref="AlertGate"/>.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct AlertGateState
{
    public double Fast;
    public double Slow;

    /// <summary>Largest excursion outside incidents, slowly forgotten.</summary>
    public double Usual;

    /// <summary>Largest excursion while an alert is remembered.</summary>
    public double Pending;

    public long LastMicros;
    public int Seen;
    public int Alerts;
    public int Calm;

    /// <summary>1 while an incident is open.</summary>
    public int Open;

    /// <summary>Readings for which the last alert still counts.</summary>
    public int Remembered;

    public int Reserved;
    public long StartMicros;
    public long PeakMicros;
    public double PeakValue;
    public double PeakExcursion;
    public double LeastPValue;

    /// <summary>Least value of the early history. Behind this: its last values, oldest overwritten first.</summary>
    public double Low;

    /// <summary>Largest value of the early history.</summary>
    public double High;
}
