using System.Text.Json;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Composition;

/// <summary>Says where the instance that runs over a data directory can be reached. Gone after an orderly end.</summary>
internal static class InstanceFile
{
    public static void Write(TelemetryOptions options, Platform platform) =>
        File.WriteAllText(
            new DataDirectory(options.Data).Instance,
            JsonSerializer.Serialize(new
            {
                pid = Environment.ProcessId,
                http = platform.Http?.ToString(),
                mqtt = platform.Mqtt?.ToString(),
            }));

    public static void Delete(TelemetryOptions options) => File.Delete(new DataDirectory(options.Data).Instance);
}
