namespace Telemetry.Evaluation.Events;

/// <summary>A fault that was really there on one series.</summary>
/// <param name="Kind">What it is, for example <c>level-shift</c>; results are counted by it.</param>
/// <param name="StartMicros">Event time of the first reading it touches, microseconds since 1970.</param>
/// <param name="EndMicros">Until when, inclusive; equal to the start for a single reading.</param>
/// <param name="Size">Magnitude in units of the signal's quiet noise; the sign does not count. 0 where there is none.</param>
public readonly record struct FaultLabel(string Kind, long StartMicros, long EndMicros, double Size);

/// <summary>An alarm as it was raised: the moment it opened, once for as long as it stayed open.</summary>
/// <param name="TimeMicros">Event time, microseconds since 1970.</param>
/// <param name="Kind">What the detector takes it for.</param>
/// <param name="Score">-log10 p.</param>
public readonly record struct RaisedAlarm(long TimeMicros, string Kind, double Score);
