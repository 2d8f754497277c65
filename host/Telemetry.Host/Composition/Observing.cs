using Telemetry.Host.Configuration;
using Telemetry.Observability;

namespace Telemetry.Host.Composition;

/// <summary>Metrics and traces of one process. Before anything else, so that nothing is counted before somebody listens.</summary>
internal static class Observing
{
    /// <param name="options">All settings.</param>
    /// <param name="role">What the process does; the service is telemetry-role.</param>
    public static Instrumentation Start(TelemetryOptions options, string role) =>
        new(options.Observability, "telemetry-" + role, InstanceName.Of(options));
}
