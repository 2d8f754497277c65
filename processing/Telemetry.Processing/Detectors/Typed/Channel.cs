using System.Runtime.CompilerServices;

namespace Telemetry.Processing.Detectors.Typed;

/// <summary>The channels with a calibrated tail, in the order of their scores.</summary>
internal enum Channel : byte
{
    /// <summary>Distance from the last seven and from the one before.</summary>
    Residual,

    /// <summary>How far the reading before stood out from both its neighbours: a spike, certain one reading later.</summary>
    Peak,

    /// <summary>Fast mean against slow mean.</summary>
    Level,

    /// <summary>What piled up beyond the slow mean.</summary>
    Sum,

    /// <summary>Scatter from reading to reading.</summary>
    Scatter,

    /// <summary>Equal values in a row.</summary>
    Run,

    /// <summary>Distance to the third-nearest known value.</summary>
    Distance,

    /// <summary>What of that piled up.</summary>
    DistanceSum,

    /// <summary>How far the last three readings lie apart from the four before.</summary>
    Step,

    /// <summary>Mean of the last readings above where they should be at this time of the day.</summary>
    Above,

    /// <summary>The same below.</summary>
    Below,

    /// <summary>Number of channels.</summary>
    Count,

    /// <summary>Long memory: range record, hour of the day, long level.</summary>
    Long,

    /// <summary>A rule: limit, rate of change, counter reset, unknown state.</summary>
    Rule,
}

/// <summary>One number for each channel.</summary>
[InlineArray((int)Channel.Count)]
internal struct ChannelScores
{
    private float _first;
}
