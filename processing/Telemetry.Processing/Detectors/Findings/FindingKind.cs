namespace Telemetry.Processing.Detectors;

/// <summary>What a finding on one series is, in the field's words.</summary>
public enum FindingKind : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>One or a few readings far off, then back.</summary>
    Spike = 1,

    /// <summary>The level moved at once and stayed.</summary>
    LevelShift = 2,

    /// <summary>The level moves away steadily.</summary>
    Drift = 3,

    /// <summary>The same value again and again, longer than this series ever repeats one.</summary>
    StuckAt = 4,

    /// <summary>Far more scatter from reading to reading.</summary>
    NoiseBurst = 5,

    /// <summary>A level at which this series does not stay.</summary>
    UnusualLevel = 6,

    /// <summary>Beyond a limit of the sensor's profile.</summary>
    Limit = 7,

    /// <summary>Faster than the rate of change the sensor's profile allows.</summary>
    RateOfChange = 8,

    /// <summary>A counter began again at a lower number.</summary>
    CounterReset = 9,

    /// <summary>A state that a channel of few states never had.</summary>
    UnknownState = 10,
}

/// <summary>What a reading did to the finding of its series.</summary>
public enum FindingPhase : byte
{
    /// <summary>There is none, or nothing about it is new.</summary>
    None = 0,

    /// <summary>It began with this reading.</summary>
    Opened = 1,

    /// <summary>Its kind is known better, or its severity is in a higher class.</summary>
    Updated = 2,

    /// <summary>It is over since this reading; <see cref="Finding.EndMicros"/> says when the last strange one was.</summary>
    Ended = 3,
}
