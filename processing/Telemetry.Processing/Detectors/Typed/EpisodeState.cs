using System.Runtime.InteropServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>The finding that is open, or the last one.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal struct EpisodeState
{
    public long StartMicros;
    public long PeakMicros;
    public long EndMicros;
    public double Score;
    public double Value;
    public double PeakValue;
    public double UsualLow;
    public double UsualHigh;
    public double FromLevel;
    public double FromSpread;
    public double ToLevel;
    public double LimitValue;
    public double RatePerSecond;
    public int Readings;
    public int Calm;
    public int RunLength;
    public int UsualRunLength;
    public int Age;
    public short Severity;
    public FindingKind Kind;
    public sbyte Direction;
    public LimitLevel Limit;
    public byte Open;
    public byte OfRate;
    public Channel Channel;
    public short Learning;
    private readonly short _pad;
}
