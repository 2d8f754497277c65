using Telemetry.Processing.Detectors;

namespace Telemetry.Processing.Profiles;

/// <summary>What is known of sensors beforehand, as it is now. Safe for concurrent use.</summary>
internal interface ISensorProfiles
{
    /// <summary>Another one after each change; negative: not all is known yet, so nothing can be concluded from what is not.</summary>
    long Version { get; }

    /// <summary>Profile of a sensor; null: nothing is known that detectors could use.</summary>
    SensorProfile? Of(string device, string sensor);
}
