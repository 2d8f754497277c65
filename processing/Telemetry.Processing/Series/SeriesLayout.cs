using System.Runtime.InteropServices;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Series;

/// <summary>
/// The flat block of one series: event time of the last value given to detectors, then for each detector its hold
/// (start, quiet until), then each detector's own state. All parts start at multiples of eight bytes.
/// </summary>
internal sealed class SeriesLayout
{
    private const int HoldBytes = 2 * sizeof(long);

    private readonly int[] _stateOffsets;

    public SeriesLayout(IReadOnlyList<ISeriesDetector> detectors)
    {
        Detectors = [.. detectors];
        _stateOffsets = new int[Detectors.Length];
        var offset = sizeof(long) + (Detectors.Length * HoldBytes);
        var fingerprint = 14695981039346656037UL;
        for (var i = 0; i < Detectors.Length; i++)
        {
            _stateOffsets[i] = offset;
            offset += (Detectors[i].StateBytes + 7) & ~7;
            foreach (var c in $"{Detectors[i].Name}|{Detectors[i].StateVersion}|{Detectors[i].StateBytes};")
            {
                fingerprint = (fingerprint ^ c) * 1099511628211UL;
            }
        }

        BlockBytes = offset;
        Fingerprint = fingerprint;
    }

    public ISeriesDetector[] Detectors { get; }

    public int BlockBytes { get; }

    /// <summary>Differs (FNV-1a) when blocks of another layout cannot be continued.</summary>
    public ulong Fingerprint { get; }

    public void Initialize(Span<byte> block)
    {
        block.Clear();
        LastEventTime(block) = Micros.Never;
        for (var i = 0; i < Detectors.Length; i++)
        {
            Hold(block, i) = new AlertHold { QuietAtUs = Micros.Never };
            Detectors[i].Initialize(State(block, i));
        }
    }

    public static ref long LastEventTime(Span<byte> block) => ref MemoryMarshal.AsRef<long>(block);

    public static ref AlertHold Hold(Span<byte> block, int detector) =>
        ref MemoryMarshal.AsRef<AlertHold>(block[(sizeof(long) + (detector * HoldBytes))..]);

    public Span<byte> State(Span<byte> block, int detector) =>
        block.Slice(_stateOffsets[detector], Detectors[detector].StateBytes);

    /// <summary>Blocks are written as they lie in memory; that is the same everywhere only on little-endian machines.</summary>
    public static void DemandLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Processing keeps detector state in little-endian order.");
        }
    }
}

/// <summary>An incident of one detector on one series; quiet since for ever before the first.</summary>
internal struct AlertHold
{
    /// <summary>Event time at which it was last reported.</summary>
    public long ReportedUs;

    /// <summary>Event time from which on an alert is a new incident.</summary>
    public long QuietAtUs;
}
