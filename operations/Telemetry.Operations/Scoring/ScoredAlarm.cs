namespace Telemetry.Operations.Scoring;

/// <summary>An alarm as it was raised, once for as long as it stays open.</summary>
/// <param name="Sensor">Sensor; empty: the device as a whole.</param>
/// <param name="TimeUs">Event time at which it was raised, microseconds since 1970.</param>
/// <param name="Kind">What it was taken for, as in incidents.</param>
/// <param name="Score">-log10 p.</param>
public readonly record struct ScoredAlarm(string Sensor, long TimeUs, string Kind, double Score)
{
    /// <summary>The sentence for people, as it was when it was over; null: there was none.</summary>
    public string? Text { get; init; }
}
