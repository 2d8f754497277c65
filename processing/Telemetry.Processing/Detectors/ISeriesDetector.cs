using Telemetry.Contracts.V1;

namespace Telemetry.Processing.Detectors;

/// <summary>
/// One detector with fixed parameters for any number of series. It holds no state itself: each series' state is a flat
/// block of <see cref="StateBytes"/> bytes owned by the caller, so that state is copied, snapshotted and restored as bytes.
/// Pure: the result depends on the state, the value and the time given, and nothing else.
/// </summary>
public interface ISeriesDetector
{
    /// <summary>Name in anomaly records, for example <c>iid-spike</c>.</summary>
    string Name { get; }

    /// <summary>What an alert of this detector is.</summary>
    AnomalyKind Kind { get; }

    /// <summary>Changes whenever state of an older layout or other parameters cannot be continued.</summary>
    int StateVersion { get; }

    /// <summary>Size of one series' state. Fixed for the life of the detector.</summary>
    int StateBytes { get; }

    /// <summary>Makes a block the state of a series without any reading.</summary>
    void Initialize(Span<byte> state);

    /// <summary>Takes the next value of a series. Never throws for any double; never allocates.</summary>
    /// <param name="state">The series' block.</param>
    /// <param name="value">The value, NaN and infinities included.</param>
    /// <param name="eventTimeMicros">Event time, microseconds since 1970-01-01T00:00:00Z.</param>
    DetectorResult Update(Span<byte> state, double value, long eventTimeMicros);
}

/// <summary>What a detector says of one value.</summary>
/// <param name="Alert">True when this value raises an alarm.</param>
/// <param name="Score">Raw score.</param>
/// <param name="PValue">p-value; NaN when there is none for this value.</param>
/// <param name="Martingale">Martingale of change-point detectors; NaN for others.</param>
/// <param name="Mode">Which arithmetic ran.</param>
public readonly record struct DetectorResult(
    bool Alert, double Score, double PValue, double Martingale, DetectorMode Mode);
