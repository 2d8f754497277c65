using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Commands;

/// <summary>Flags that put log and store outside this process, shared by all commands that use them.</summary>
internal static class ClusterFlags
{
    public static void AddTo(SharedOptions shared)
    {
        shared.Map("--kafka", "Kafka:BootstrapServers", "Kafka as the log: HOST:PORT[,HOST:PORT...]. Without it the embedded journal is used.");
        shared.Map("--clickhouse", "ClickHouse:Endpoint", "ClickHouse server as the store: http://HOST:PORT. Without it the embedded engine is used.");
        shared.Map("--instance", "Instance", "Name of this process among those of its role; the same at each start (default: machine name and process id).");
    }

    /// <summary>A role alone on a cluster shares its store with the others.</summary>
    /// <exception cref="ConfigurationException">The role's store is nowhere.</exception>
    public static void CheckRole(TelemetryOptions options, Roles roles, string name)
    {
        if (options.IsKafka && (roles & (Roles.Store | Roles.Query)) != 0 && options.ClickHouse.Endpoint is null)
        {
            throw new ConfigurationException([new ConfigurationError(
                "ClickHouse:Endpoint", null,
                $"{name} on Kafka needs a ClickHouse that other processes reach too: --clickhouse http://HOST:PORT. "
                + "./telemetry clickhouse --data DIR serves the embedded engine; ./telemetry up --kafka HOST:PORT has all in one process.",
                "defaults")]);
        }
    }
}
