using Telemetry.Contracts.Sparkplug;

namespace Telemetry.Bridge.Sparkplug.Wire;

/// <summary>
/// The command that asks an edge node for its births: NCMD with the one metric <c>Node Control/Rebirth</c>, Boolean true, by name because it
/// never has an alias. [tck-id-operational-behavior-data-commands-ncmd-rebirth-name, -value]
/// </summary>
internal static class RebirthCommand
{
    /// <summary><c>spBv1.0/{group}/NCMD/{edge}</c>. [tck-id-topics-ncmd-topic]</summary>
    public static string Topic(string group, string edge) => SparkplugCommand.Topic(group, edge);

    /// <summary>The payload.</summary>
    /// <param name="nowMs">Send time, milliseconds since 1970 UTC.</param>
    public static byte[] Payload(long nowMs) => SparkplugCommand.Payload(SparkplugCommand.RebirthMetric, SparkplugScalar.True, nowMs);
}
