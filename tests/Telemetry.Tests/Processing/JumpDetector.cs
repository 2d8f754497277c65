using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Telemetry.Contracts.V1;
using Telemetry.Processing.Detectors;

namespace Telemetry.Tests.Processing;

/// <summary>
/// Findings without statistics: values beyond a limit open a spike, the third in a row makes it a level shift, two within the limit end it. So a
/// test knows what must be found.
/// </summary>
internal sealed class JumpDetector : IFindingDetector
{
    public const double Limit = 100;

    public string Name => "jump";

    public AnomalyKind Kind => AnomalyKind.Unspecified;

    public int StateVersion => 1;

    public int StateBytes => Unsafe.SizeOf<State>();

    public void Initialize(Span<byte> state) => state.Clear();

    public DetectorResult Update(Span<byte> state, double value, long eventTimeMicros) => throw new NotSupportedException();

    public Verdict Watch(Span<byte> state, double value, long eventTimeMicros, SensorProfile? profile)
    {
        ref var s = ref MemoryMarshal.AsRef<State>(state);
        if (!(Math.Abs(value) >= Limit))
        {
            s.Calm++;
            s.Level = value;
            if (s.Open != 0 && s.Calm == 2)
            {
                s.Open = 0;
                return new Verdict(FindingPhase.Ended, KindOf(s), 0);
            }

            return default;
        }

        s.Calm = 0;
        if (s.Open == 0)
        {
            s = new State { Open = 1, Level = s.Level, From = s.Level, Start = eventTimeMicros, Peak = eventTimeMicros };
        }

        s.End = eventTimeMicros;
        s.Readings++;
        if (Math.Abs(value) > Math.Abs(s.PeakValue))
        {
            (s.PeakValue, s.Peak) = (value, eventTimeMicros);
        }

        return new Verdict(
            s.Readings switch { 1 => FindingPhase.Opened, 3 => FindingPhase.Updated, _ => FindingPhase.None }, KindOf(s), 10);
    }

    public Finding Describe(ReadOnlySpan<byte> state)
    {
        var s = MemoryMarshal.Read<State>(state);
        return s.Readings == 0
            ? default
            : new Finding
            {
                Kind = KindOf(s),
                Direction = (sbyte)Math.Sign(s.PeakValue),
                IsOpen = s.Open != 0,
                StartMicros = s.Start,
                PeakMicros = s.Peak,
                EndMicros = s.End,
                Readings = s.Readings,
                Score = 10,
                Severity = 400,
                Value = s.PeakValue,
                PeakValue = s.PeakValue,
                UsualLow = -1,
                UsualHigh = 1,
                FromLevel = s.From,
                ToLevel = s.PeakValue,
            };
    }

    private static FindingKind KindOf(in State s) => s.Readings >= 3 ? FindingKind.LevelShift : FindingKind.Spike;

    private struct State
    {
        public long Start;
        public long Peak;
        public long End;
        public double PeakValue;
        public double Level;
        public double From;
        public int Readings;
        public int Calm;
        public long Open;
    }
}
