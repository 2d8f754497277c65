using Telemetry.Contracts.Alarms;

namespace Telemetry.Processing.Settings;

/// <summary>
/// What runs on which series, and which series are out of service: one document. Immutable; every answer is a function of it and of the
/// names and times asked for.
/// </summary>
public sealed class DetectorSettings
{
    private static readonly IReadOnlyList<DetectorChoice> DefaultChoices = [DetectorChoice.Default];

    /// <summary>Nothing said: the default set everywhere.</summary>
    public static DetectorSettings Empty { get; } = new([], new Dictionary<string, IReadOnlyList<NamePattern>>(), []);

    internal DetectorSettings(
        IReadOnlyList<SettingsRule> rules,
        IReadOnlyDictionary<string, IReadOnlyList<NamePattern>> tags,
        IReadOnlyList<OutOfService> outOfService)
    {
        (Rules, Tags, OutOfService) = (rules, tags, outOfService);
    }

    /// <summary>Rules, the first that fits first.</summary>
    public IReadOnlyList<SettingsRule> Rules { get; }

    /// <summary>Tags, each with the devices that have it.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<NamePattern>> Tags { get; }

    /// <summary>Spans out of service.</summary>
    public IReadOnlyList<OutOfService> OutOfService { get; }

    /// <summary>The same detectors for every series, as a backtest of one choice needs them.</summary>
    public static DetectorSettings Of(IReadOnlyList<DetectorChoice> detectors) =>
        new([new SettingsRule(SeriesSelector.All, detectors, null)], Empty.Tags, []);

    /// <summary>What runs on a series.</summary>
    public IReadOnlyList<DetectorChoice> DetectorsOf(string device, string sensor)
    {
        foreach (var rule in Rules)
        {
            if (rule.Detectors is { } detectors && Fits(rule.Series, device, sensor))
            {
                return detectors;
            }
        }

        return DefaultChoices;
    }

    /// <summary>True when nothing may be raised of a series at an event time.</summary>
    public bool IsOutOfService(string device, string sensor, long eventTimeUs)
    {
        foreach (var span in OutOfService)
        {
            if (eventTimeUs >= span.FromUs && eventTimeUs < span.ToUs && Fits(span.Series, device, sensor))
            {
                return true;
            }
        }

        return false;
    }

    private bool Fits(SeriesSelector series, string device, string sensor) =>
        series.Device.IsMatch(device)
        && series.Sensor.IsMatch(sensor)
        && (series.Tag is not { } tag || (Tags.TryGetValue(tag, out var devices) && devices.Any(pattern => pattern.IsMatch(device))));
}
