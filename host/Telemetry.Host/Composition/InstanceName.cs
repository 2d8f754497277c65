using System.Globalization;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>The name that makes a process' transactional ids its own.</summary>
internal static class InstanceName
{
    public static string Of(TelemetryOptions options) => options.Instance.Length > 0
        ? options.Instance
        : string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}");
}
