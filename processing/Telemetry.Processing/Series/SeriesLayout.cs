using System.Runtime.InteropServices;
using Telemetry.Processing.Detectors;
using Telemetry.Processing.Watermarks;

namespace Telemetry.Processing.Series;

/// <summary>
/// The flat block of one series: a header, then for each detector its hold (start, quiet until), then each detector's own state. All parts
/// start at multiples of eight bytes.
/// </summary>
internal sealed class SeriesLayout
{
    /// <summary>Goes into the fingerprint: changes when the header does.</summary>
    private const string HeaderVersion = "header 2;";

    private const int HeaderBytes = 4 * sizeof(long);
    private const int HoldBytes = 2 * sizeof(long);

    private readonly int[] _stateOffsets;

    public SeriesLayout(IReadOnlyList<ISeriesDetector> detectors)
    {
        Detectors = [.. detectors];
        Finders = [.. detectors.Select(static d => d as IFindingDetector)];
        _stateOffsets = new int[Detectors.Length];
        var offset = HeaderBytes + (Detectors.Length * HoldBytes);
        var fingerprint = Add(14695981039346656037UL, HeaderVersion);
        for (var i = 0; i < Detectors.Length; i++)
        {
            _stateOffsets[i] = offset;
            offset += (Detectors[i].StateBytes + 7) & ~7;
            fingerprint = Add(fingerprint, $"{Detectors[i].Name}|{Detectors[i].StateVersion}|{Detectors[i].StateBytes};");
        }

        HeadWords = (HeaderBytes + (Detectors.Length * HoldBytes)) / sizeof(long);
        BlockBytes = offset;
        Fingerprint = fingerprint;
    }

    public ISeriesDetector[] Detectors { get; }

    /// <summary>For each detector itself when it follows findings to their end, else null.</summary>
    public IFindingDetector?[] Finders { get; }

    public int BlockBytes { get; }

    /// <summary>Words of eight bytes of the header and the holds, which are changed from several places.</summary>
    public int HeadWords { get; }

    /// <summary>Differs (FNV-1a) when blocks of another layout cannot be continued.</summary>
    public ulong Fingerprint { get; }

    public void Initialize(Span<byte> block)
    {
        block.Clear();
        Header(block).LastUs = Micros.Never;
        for (var i = 0; i < Detectors.Length; i++)
        {
            Hold(block, i) = new AlertHold { QuietAtUs = Micros.Never };
            Detectors[i].Initialize(State(block, i));
        }
    }

    public static ref SeriesHeader Header(Span<byte> block) => ref MemoryMarshal.AsRef<SeriesHeader>(block);

    public static ref AlertHold Hold(Span<byte> block, int detector) =>
        ref MemoryMarshal.AsRef<AlertHold>(block[(HeaderBytes + (detector * HoldBytes))..]);

    public Span<byte> State(Span<byte> block, int detector) =>
        block.Slice(_stateOffsets[detector], Detectors[detector].StateBytes);

    /// <summary>Findings that are open on a series.</summary>
    public int OpenFindings(Span<byte> block)
    {
        var open = 0;
        for (var i = 0; i < Finders.Length; i++)
        {
            open += Finders[i] is { } finder && finder.Describe(State(block, i)).IsOpen ? 1 : 0;
        }

        return open;
    }

    /// <summary>Blocks are written as they lie in memory; that is the same everywhere only on little-endian machines.</summary>
    public static void DemandLittleEndian()
    {
        if (!BitConverter.IsLittleEndian)
        {
            throw new PlatformNotSupportedException("Processing keeps detector state in little-endian order.");
        }
    }

    private static ulong Add(ulong hash, string text)
    {
        foreach (var c in text)
        {
            hash = (hash ^ c) * 1099511628211UL;
        }

        return hash;
    }
}

/// <summary>What is known of a series beside its detectors' states.</summary>
internal struct SeriesHeader
{
    /// <summary>Judged time of the last value given to detectors; <see cref="Micros.Never"/> before the first.</summary>
    public long LastUs;

    /// <summary>
    /// Judged time less event time: detectors are given a clock that never goes back. 0 unless the device's clock was set back and has not
    /// caught up.
    /// </summary>
    public long ShiftUs;

    /// <summary>Number of the incident its last finding belongs to; 0: none.</summary>
    public long Incident;

    /// <summary>Usual time between two readings, microseconds; 0 before the second.</summary>
    public double IntervalUs;

    /// <summary>Takes the time since the last reading; a gap counts as four intervals at most.</summary>
    public void TakeInterval(long elapsedUs)
    {
        if (elapsedUs > 0)
        {
            IntervalUs = IntervalUs == 0 ? elapsedUs : IntervalUs + (0.05 * (Math.Min(elapsedUs, 4 * IntervalUs) - IntervalUs));
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
