namespace Telemetry.Processing.Detectors;

/// <summary>
/// A finding on one series, open or the last one closed: the numbers a text for people needs. Values are in the sensor's own unit, or
/// units a second for the rate of a counter (<see cref="OfRate"/>).
/// </summary>
public readonly record struct Finding
{
    /// <summary>What it is by what has been seen so far.</summary>
    public FindingKind Kind { get; init; }

    /// <summary>+1 above the usual, -1 below, 0 where there is no direction (stuck, noise).</summary>
    public sbyte Direction { get; init; }

    /// <summary>Open until ended.</summary>
    public bool IsOpen { get; init; }

    /// <summary>True: the series is a counter, and the values here are its increase a second.</summary>
    public bool OfRate { get; init; }

    /// <summary>Event time of the first strange reading, microseconds since 1970. Of a stuck value: of its first repetition.</summary>
    public long StartMicros { get; init; }

    /// <summary>Event time of the strangest reading so far.</summary>
    public long PeakMicros { get; init; }

    /// <summary>Event time of the last strange reading so far.</summary>
    public long EndMicros { get; init; }

    /// <summary>Strange readings so far.</summary>
    public int Readings { get; init; }

    /// <summary>
    /// Largest -log10 p so far, where p is how often a reading as strange comes from this series when nothing is wrong. Not bounded
    /// above: 30 is stranger than 20.
    /// </summary>
    public double Score { get; init; }

    /// <summary>0 to 1000 (OPC UA's range): 40 for each power of ten of the score; a crossed limit at least 500, an outer one 800.</summary>
    public int Severity { get; init; }

    /// <summary>The value that opened it.</summary>
    public double Value { get; init; }

    /// <summary>The strangest value so far.</summary>
    public double PeakValue { get; init; }

    /// <summary>Lower end of what was usual before it opened.</summary>
    public double UsualLow { get; init; }

    /// <summary>Upper end of what was usual before it opened.</summary>
    public double UsualHigh { get; init; }

    /// <summary>Distance of the strangest value from the level before, in usual spreads of this series, signed.</summary>
    public double Spreads { get; init; }

    /// <summary>Level before it opened.</summary>
    public double FromLevel { get; init; }

    /// <summary>Level now, or when it ended.</summary>
    public double ToLevel { get; init; }

    /// <summary>Equal values in a row, the first included; 0 unless <see cref="FindingKind.StuckAt"/>.</summary>
    public int RunLength { get; init; }

    /// <summary>Equal values in a row that are usual at most.</summary>
    public int UsualRunLength { get; init; }

    /// <summary>Which limit was crossed, for <see cref="FindingKind.Limit"/>.</summary>
    public LimitLevel Limit { get; init; }

    /// <summary>The limit crossed, or the rate allowed (units a second) for <see cref="FindingKind.RateOfChange"/>; else 0.</summary>
    public double LimitValue { get; init; }

    /// <summary>Change a second of the strangest reading from the one before; of a drift from its start until now.</summary>
    public double RatePerSecond { get; init; }
}

/// <summary>What a detector of findings says of one reading. Ask <see cref="IFindingDetector.Describe"/> for the numbers.</summary>
/// <param name="Phase">What the reading did to the finding of its series.</param>
/// <param name="Kind">The finding's kind; the kind of an ended one too.</param>
/// <param name="Score">
/// -log10 p of this reading by what the series did over days (records of its range, hours of the day), 0 and more, finite; 0 while it is not
/// known yet. A finding's own score is in <see cref="Finding.Score"/>.
/// </param>
public readonly record struct Verdict(FindingPhase Phase, FindingKind Kind, double Score);
