using Telemetry.Contracts.Alarms;

namespace Telemetry.Processing.Settings;

/// <summary>Which series a part of the settings is for: all of what is given must fit.</summary>
/// <param name="Device">Device names.</param>
/// <param name="Sensor">Sensor names.</param>
/// <param name="Tag">Name of a tag that the device must have; null: any device.</param>
public sealed record SeriesSelector(NamePattern Device, NamePattern Sensor, string? Tag)
{
    /// <summary>Every series.</summary>
    public static SeriesSelector All { get; } = new(NamePattern.Any, NamePattern.Any, null);
}

/// <summary>What runs on some series. Of the rules that fit a series, the first that says something of a part is right.</summary>
/// <param name="Series">Which series.</param>
/// <param name="Detectors">What runs on them; empty: nothing; null: the rule does not say.</param>
/// <param name="Note">For people.</param>
public sealed record SettingsRule(SeriesSelector Series, IReadOnlyList<DetectorChoice>? Detectors, string? Note);

/// <summary>Series that are being worked on: their detectors go on learning, and nothing is raised.</summary>
/// <param name="Series">Which series.</param>
/// <param name="FromUs">Event time of the start, microseconds since 1970.</param>
/// <param name="ToUs">Event time of the end, exclusive; <see cref="long.MaxValue"/>: until it is taken out.</param>
/// <param name="Reason">For people.</param>
public sealed record OutOfService(SeriesSelector Series, long FromUs, long ToUs, string? Reason);
