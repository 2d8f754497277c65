using Telemetry.Simulator.Machines;

namespace Telemetry.Operations.Scoring;

/// <summary>One device: what was played on it, and what was raised.</summary>
/// <param name="Device">Device id.</param>
/// <param name="StartUs">Start of the span, microseconds since 1970.</param>
/// <param name="EndUs">Its end.</param>
/// <param name="Labels">What was played.</param>
/// <param name="Alarms">What was raised.</param>
/// <param name="IsFaultFree">True: no fault was played on it, so every alarm outside of a condition is false.</param>
public sealed record ScoredDevice(
    string Device, long StartUs, long EndUs, IReadOnlyList<PlayedLabel> Labels, IReadOnlyList<ScoredAlarm> Alarms, bool IsFaultFree);
