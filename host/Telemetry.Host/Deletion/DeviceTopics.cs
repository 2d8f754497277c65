namespace Telemetry.Host.Deletion;

/// <summary>MQTT topics of a device.</summary>
internal static class DeviceTopics
{
    /// <summary>How the names of all of them begin.</summary>
    public static string PrefixOf(string device) => $"telemetry/v1/{device}/";
}
