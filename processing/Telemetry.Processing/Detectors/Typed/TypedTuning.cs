namespace Telemetry.Processing.Detectors.Typed;

/// <summary>How the scores of one channel become -log10 p.</summary>
/// <param name="Floor">What is usual in every series: below it a short history knows too little.</param>
/// <param name="Index">
/// Index of the power-law tail beyond the usual maximum: high for channels of independent readings, whose tails are thin, low for those
/// that follow a wandering level. 0: the tail is exponential, as that of run lengths.
/// </param>
/// <param name="NeedsDwell">True: says nothing before the series had time to show its states.</param>
/// <param name="IsMeasured">
/// True: how far the largest scores go beyond the usual one is measured, and the index says only how heavy the tail is behind that. For channels of a
/// level, whose largest scores are nearly alike where the machine's states are.
/// </param>
internal sealed record ChannelTuning(float Floor, float Index, bool NeedsDwell = true, bool IsMeasured = false);

/// <summary>The constants of the channels in one place. Chosen on the seeds and files named in docs/detectors.md.</summary>
internal sealed record TypedTuning
{
    /// <summary>By channel.</summary>
    public ChannelTuning[] Channels { get; init; } =
    [
        new(3, 6),
        new(3, 14, NeedsDwell: false),
        new(2, 16, IsMeasured: true),
        new(20, 6),
        new(2, 12, NeedsDwell: false),
        new(4, 0, NeedsDwell: false),
        new(2, 9),
        new(3.5f, 7),
        new(2, 12, IsMeasured: true),
        new(2, 10, IsMeasured: true),
        new(2, 10, IsMeasured: true),
    ];

    /// <summary>Observations that a channel's index counts for beside the excesses seen.</summary>
    public double ExcessWeight { get; init; } = 3;

    /// <summary>Share of a level's index while a machine has not shown its states often.</summary>
    public double YoungIndex { get; init; } = 0.65;

    /// <summary>Share of the index of the level, and of the distance where the level wanders, in series faster than <see cref="PacedSeconds"/>.</summary>
    public double FastIndex { get; init; } = 0.6;

    /// <summary>Full blocks since the profile of the day is known, before the channels that need it say anything.</summary>
    public int PlacedBlocks { get; init; } = 3;

    /// <summary>The same of a slow series before the profile is known.</summary>
    public int TrendBlocks { get; init; } = 3;

    /// <summary>Before the profile of the day is known the slow level stands in for it where readings are not further apart than this, seconds: it is short against the day then.</summary>
    public double EarlySeconds { get; init; } = 18;

    /// <summary>Time constant of the level and slope that stand in for it where readings are further apart, seconds.</summary>
    public double TrendSeconds { get; init; } = 4000;

    /// <summary>Time constants after which level and slope are believed.</summary>
    public double TrendSettled { get; init; } = 1.5;

    /// <summary>Readings at a level, on average, up to which a series steps and does not wander.</summary>
    public double TrendDwell { get; init; } = 70;

    /// <summary>Index of the tail of the distance from level and slope: it wanders less than that from a profile of one day.</summary>
    public double TrendIndex { get; init; } = 14;

    /// <summary>Switches after which a machine has shown its levels.</summary>
    public int StatesSwitches { get; init; } = 20;

    /// <summary>Switches before the time at a level is believed.</summary>
    public int PlacedSwitches { get; init; } = 3;

    /// <summary>Reach of the hours (<see cref="HourState.Reach"/>) beyond which a value that fits the hour is a known one.</summary>
    public double DayReach { get; init; } = 4;

    /// <summary>Share of the way that the level of a state goes with the median: slower than a switch, faster than the day.</summary>
    public double AnchorShare { get; init; } = 0.015;

    /// <summary>Distance from the slow level over the distance from value to value, beyond which a series only wanders and a step is strange.</summary>
    public double StepSpread { get; init; } = 6;

    /// <summary>The same beyond which the readings of a fast series are not independent of each other.</summary>
    public double WanderSpread { get; init; } = 2;

    /// <summary>Readings before a machine that does not switch has shown how its level moves.</summary>
    public int SettledReadings { get; init; } = 400;

    /// <summary>Dwells that these blocks must hold together: a profile says nothing of a machine that holds its states for hours.</summary>
    public double PlacedDwells { get; init; } = 8;

    /// <summary>Seconds at a level between which (and the next) the profile of the day is not looked at.</summary>
    public double PlacedDwellLow { get; init; } = 900;

    /// <summary>See <see cref="PlacedDwellLow"/>: who switches less often than this does not switch.</summary>
    public double PlacedDwellHigh { get; init; } = 130_000;

    /// <summary>The same that is looked at where a series swings and does not step, at most.</summary>
    public double SwingSeconds { get; init; } = 14_400;

    /// <summary>Largest step it is used to then, in units of the noise within a level.</summary>
    public double SwingStep { get; init; } = 8;

    /// <summary>Share of a reading in the mean of the distance from where the series should be.</summary>
    public double SteadyShare { get; init; } = 1.0 / 20;

    /// <summary>Spreads a reading counts at most.</summary>
    public double SteadyMost { get; init; } = 8;

    /// <summary>Share of the gaps around the nearest known value that counts for the distance's scale.</summary>
    public double Apart { get; init; } = 0.5;

    /// <summary>Noise within a level over the quiet jump.</summary>
    public double QuietScale { get; init; } = 1.3;

    /// <summary>Least usual distance.</summary>
    public double FarFloor { get; init; } = 0.65;

    /// <summary>Usual distances a reading may be away without counting.</summary>
    public double FarAllowance { get; init; } = 2.5;

    /// <summary>Usual distances a reading counts at most.</summary>
    public double FarMost { get; init; } = 6;

    /// <summary>Length of the mean that stands in for what a young series does not know, seconds.</summary>
    public double LocalSeconds { get; init; } = 480;

    /// <summary>A series is young for this long: it has not seen a day twice.</summary>
    public double YoungSeconds { get; init; } = 2 * 86_400;

    /// <summary>How many times the floor of the piled-up distance is larger at the start, beside itself, of a series that has not shown its levels.</summary>
    public double YoungSum { get; init; } = 2;

    /// <summary>Index of its tail once the series is not young any more: of two days' weather the third is often a little beyond.</summary>
    public double SettledSumIndex { get; init; } = 5.6;

    /// <summary>Seconds after which the larger floor is over.</summary>
    public double YoungSumSeconds { get; init; } = 3 * 86_400;

    /// <summary>Which of the block maxima is the usual one, as a share of the blocks.</summary>
    public double RankShare { get; init; } = 0.34;

    /// <summary>How many times the usual maximum a score is learned as at most.</summary>
    public double LearnMost { get; init; } = 1.25;

    /// <summary>Dwells a block must hold before the usual maximum is more than the largest.</summary>
    public double BlockDwells { get; init; } = 2;

    /// <summary>Longest dwell that is waited for, readings.</summary>
    public double DwellMost { get; init; } = 400;

    /// <summary>Channels that need to know the dwell in a state are silent for this long.</summary>
    public double DwellSeconds { get; init; } = 1500;

    /// <summary>The same, and all channels but the peak, where readings come more often than <see cref="PacedSeconds"/>.</summary>
    public double FastDwellSeconds { get; init; } = 3600;

    /// <summary>
    /// Interval from which on a first block of 25 readings lasts as long as a machine stays in a state, seconds. Of readings that come more often only a
    /// share counts for the distance that piles up, where the level wanders.
    /// </summary>
    public double PacedSeconds { get; init; } = 6;

    /// <summary>Blocks of the tails hold at least so many readings when grown.</summary>
    public int BlockReadings { get; init; } = 500;

    /// <summary>And last at least so long.</summary>
    public double BlockSeconds { get; init; } = 3600;

    /// <summary>The same for run lengths, whose tail is thin enough to be taken nearer to its end.</summary>
    public double RunRankShare { get; init; } = 0.2;

    /// <summary>Time after which half of the longest standstill of a counter, or of the longest stay in a state, is forgotten, seconds.</summary>
    public double LongestHalfLifeSeconds { get; init; } = 14 * 86_400;

    /// <summary>How many times the longest one is usual.</summary>
    public double LongestMargin { get; init; } = 1.2;
}
