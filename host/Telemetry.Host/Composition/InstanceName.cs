using System.Globalization;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>The name that makes a process' transactional ids its own.</summary>
internal static class InstanceName
{
    public static string Of(TelemetryOptions options) => options.Instance.Length > 0
        ? options.Instance
        : string.Create(CultureInfo.InvariantCulture, $"{Environment.MachineName}-{Environment.ProcessId}");

    /// <summary>The same at each start: for what others keep under it while this process is away.</summary>
    public static string Lasting(TelemetryOptions options) => options.Instance.Length > 0 ? options.Instance : Environment.MachineName;
}
