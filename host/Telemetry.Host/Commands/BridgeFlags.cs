using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>Flags of the bridge on another broker.</summary>
internal static class BridgeFlags
{
    public static void AddTo(SharedOptions shared)
    {
        shared.Map("--broker", "Upstream:Broker", "The MQTT broker that devices are connected to: mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS.");
        shared.Map("--group", "Upstream:Group", "Group of the shared subscription, the same for all instances (default: telemetry).");
        shared.Map("--client-id", "Upstream:ClientId", "Client identifier at the broker, of each instance its own (default: telemetry-bridge- and --instance, or the machine's name).");
        shared.Map("--filter", "Upstream:Filters", "Topic filter to read (default: telemetry/v1/+/readings and the patterns of Bridge:Topics). More than one: --set Upstream:Filters:0=...");
        shared.Map("--qos", "Upstream:Qos", "Quality of service asked for: 1 (default) or 2.");
        shared.Map("--user", "Upstream:UserName", "User name at the broker.");
        shared.Map("--password-file", "Upstream:PasswordFile", "File with its password.");
        shared.Map("--ca", "Upstream:CaFile", "PEM file of the authorities that sign the broker's certificate.");
        shared.Map("--certificate", "Upstream:CertificateFile", "PEM file of the client certificate.");
        shared.Map("--key", "Upstream:KeyFile", "PEM file of its key.");
    }

    /// <exception cref="ConfigurationException">The bridge has no broker.</exception>
    public static void CheckRole(TelemetryOptions options, Roles roles)
    {
        if (roles == Roles.Bridge && options.Upstream.Broker.Length == 0)
        {
            throw new ConfigurationException([new ConfigurationError(
                "Upstream:Broker", null, "the bridge needs the broker it reads from: --broker mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS.", "defaults")]);
        }
    }
}
