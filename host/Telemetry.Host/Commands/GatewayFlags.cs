using Telemetry.Bridge;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>The edge alone on a small machine: its flags, and budgets that fit its memory.</summary>
internal static class GatewayFlags
{
    public const string Name = "gateway";

    /// <summary>Budgets of this machine's size: the defaults are for servers.</summary>
    private const long BudgetBytes = 16L << 20;

    public static void AddTo(SharedOptions shared)
    {
        shared.Map("--central", "Gateway:Broker", "The central platform's MQTT: mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS. Or --kafka.");
        shared.Map("--client-id", "Gateway:ClientId", "Client identifier at the central platform (default: telemetry-gateway- and --instance, or the machine's name).");
        shared.Map("--user", "Gateway:UserName", "User name at the central platform.");
        shared.Map("--password-file", "Gateway:PasswordFile", "File with its password.");
        shared.Map("--ca", "Gateway:CaFile", "PEM file of the authorities that sign the central platform's certificate.");
        shared.Map("--certificate", "Gateway:CertificateFile", "PEM file of the client certificate.");
        shared.Map("--key", "Gateway:KeyFile", "PEM file of its key.");
        shared.Map("--max-bytes", "Log:StoreAndForward:MaxBytes", "Most bytes kept on disk (default: 8 GiB).");
        shared.Map("--when-full", "Log:StoreAndForward:WhenFull", "RefuseNew (default) or DropOldest.");
    }

    /// <exception cref="ConfigurationException">It has nothing to forward to, or two places.</exception>
    public static TelemetryOptions Apply(TelemetryOptions options)
    {
        if (options.IsKafka == options.Gateway.Broker.Length > 0)
        {
            throw new ConfigurationException([new ConfigurationError(
                "Gateway:Broker", options.Gateway.Broker,
                "a gateway forwards to one place: give --central mqtt://HOST:PORT for a central platform, or --kafka HOST:PORT.", "command line")]);
        }

        GatewayMemory.Limit(options.Gateway.MemoryBytes);
        return options with
        {
            // The central bridge takes what devices send, which is the first layout. Over MQTT a Sparkplug host belongs to the centre.
            Bridge = options.Bridge with
            {
                WriteVersions = options.IsKafka ? options.Bridge.WriteVersions : WriteVersions.V1,
                Sparkplug = options.Bridge.Sparkplug with { Enabled = options.IsKafka && options.Bridge.Sparkplug.Enabled },
                ParkedBytesMax = Math.Min(options.Bridge.ParkedBytesMax, BudgetBytes),
            },
            Journal = options.Journal with { PendingBytesMax = Math.Min(options.Journal.PendingBytesMax, BudgetBytes) },
            Log = options.Log with
            {
                StoreAndForward = options.Log.StoreAndForward with
                {
                    Enabled = true, InFlightBytesMax = Math.Min(options.Log.StoreAndForward.InFlightBytesMax, BudgetBytes / 4),
                },
            },
        };
    }
}
