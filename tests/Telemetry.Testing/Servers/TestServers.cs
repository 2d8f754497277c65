namespace Telemetry.Testing.Servers;

/// <summary>
/// The servers that tests need. Each comes from the environment (a running one), else from a process on this machine, else from a
/// container; where none of these can be had, the tests that need it are skipped and say so.
/// </summary>
public static class TestServers
{
    /// <summary>Apache Kafka. <c>TELEMETRY_KAFKA=host:port,...</c>; brokers of our own by the <c>kafka.sh</c> in <c>KAFKA_HOME</c>.</summary>
    public static ServerKind Kafka { get; } = new(
        "Kafka", "TELEMETRY_KAFKA", () => FindBeside("KAFKA_HOME", "kafka", "kafka.sh"), "set KAFKA_HOME to a folder with kafka.sh",
        "apache/kafka:4.3.0");

    /// <summary>A registry with Confluent's API. <c>TELEMETRY_SCHEMA_REGISTRY=url</c>.</summary>
    public static ServerKind SchemaRegistry { get; } = new(
        "schema registry", "TELEMETRY_SCHEMA_REGISTRY", () => FindBeside("SCHEMA_REGISTRY_HOME", "schema-registry", "registry.sh"),
        "set SCHEMA_REGISTRY_HOME to a folder with registry.sh", "apicurio/apicurio-registry-mem:2.6.13.Final");

    /// <summary>A ClickHouse server. <c>TELEMETRY_CLICKHOUSE=http://user:password@host:port</c>.</summary>
    public static ServerKind ClickHouse { get; } = new(
        "ClickHouse server", "TELEMETRY_CLICKHOUSE", () => null, null, "clickhouse/clickhouse-server:26.7.3");

    /// <summary>Two ClickHouse servers with a Keeper as one replicated shard; containers only.</summary>
    public static ServerKind ReplicatedClickHouse { get; } = new(
        "replicated ClickHouse cluster", "", () => null, null, "clickhouse/clickhouse-server:26.7.3");

    /// <summary>mosquitto, an MQTT broker of others.</summary>
    public static ServerKind Mosquitto { get; } = new(
        "mosquitto", "", () => FindProgram("mosquitto"), "install mosquitto", "eclipse-mosquitto:2.0.22");

    /// <summary>Prometheus' Alertmanager. <c>TELEMETRY_ALERTMANAGER=url</c>.</summary>
    public static ServerKind Alertmanager { get; } = new(
        "Alertmanager", "TELEMETRY_ALERTMANAGER", () => FindProgram("prometheus-alertmanager") ?? FindProgram("alertmanager"),
        "install prometheus-alertmanager", "prom/alertmanager:v0.28.1");

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<ServerKind> All { get; } = [Kafka, SchemaRegistry, ClickHouse, ReplicatedClickHouse, Mosquitto, Alertmanager];

    /// <summary>A program on PATH, or where Debian puts servers.</summary>
    public static string? FindProgram(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin")
            .Where(folder => folder.Length > 0).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>A script in the folder that a variable names, else in <c>../shared/FOLDER</c> beside the checkout.</summary>
    private static string? FindBeside(string variable, string folder, string script)
    {
        var home = Environment.GetEnvironmentVariable(variable) is { Length: > 0 } set ? set : BesideCheckout(folder);
        var path = home is null ? null : Path.Combine(home, script);
        return File.Exists(path) ? path : null;
    }

    private static string? BesideCheckout(string folder)
    {
        for (var at = new DirectoryInfo(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "Telemetry.sln")))
            {
                return Path.Combine(at.FullName, "..", "shared", folder);
            }
        }

        return null;
    }
}
