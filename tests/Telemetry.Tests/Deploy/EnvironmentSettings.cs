using Microsoft.Extensions.Configuration;
using Telemetry.Host.Configuration;

namespace Telemetry.Tests.Deploy;

/// <summary>Environment variables of a container, read as the executable reads them: unknown names and bad values fail.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "TELEMETRY__";

    /// <exception cref="ConfigurationException">A name is no setting or a value is not allowed.</exception>
    public static TelemetryOptions Read(IReadOnlyDictionary<string, string> environment)
    {
        var settings = environment.Where(e => e.Key.StartsWith(Prefix, StringComparison.Ordinal))
            .Select(e => KeyValuePair.Create(e.Key[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), (string?)e.Value));
        return new OptionsReader(new ConfigurationBuilder().AddInMemoryCollection(settings).Build()).Read<TelemetryOptions>();
    }
}
