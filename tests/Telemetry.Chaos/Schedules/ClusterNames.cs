namespace Telemetry.Chaos.Schedules;

/// <summary>Names of the parts of a cluster, as schedules and reports use them.</summary>
internal static class ClusterNames
{
    public const string ClickHouse = "clickhouse";
    public const string Query = "query";
    public const string Simulator = "simulator";
    public const string Registry = "registry";

    /// <summary>Whichever broker leads the controllers when the fault begins.</summary>
    public const string Controller = "controller";

    /// <summary>Between the devices and the edges.</summary>
    public const string MqttLink = "devices>edges";

    /// <summary>Between edges and registry.</summary>
    public const string RegistryLink = "roles>registry";

    /// <summary>Between all stores and ClickHouse.</summary>
    public const string ClickHouseLinks = "stores>clickhouse";

    /// <summary>Between one store and ClickHouse.</summary>
    public static string ClickHouseLink(string store) => store + ">clickhouse";

    /// <summary>Between all clients and one broker.</summary>
    public static string KafkaLink(string broker) => "clients>" + broker;
}
