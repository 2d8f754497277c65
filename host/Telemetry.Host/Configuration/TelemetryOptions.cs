using System.ComponentModel.DataAnnotations;
using Telemetry.Alarms.Setup;
using Telemetry.Bridge;
using Telemetry.Bridge.Commands;
using Telemetry.Bridge.Forwarding;
using Telemetry.Bridge.Upstream;
using Telemetry.ClickHouseServer.Options;
using Telemetry.Edge;
using Telemetry.Observability;
using Telemetry.Processing;
using Telemetry.Query.Setup;
using Telemetry.SchemaRegistry;
using Telemetry.Simulator.Options;
using Telemetry.Storage;
using Telemetry.Storage.Schema;
using Telemetry.Streams;
using Telemetry.Streams.Kafka.Clients;

namespace Telemetry.Host.Configuration;

/// <summary>
/// Every setting of every role. Read from <c>appsettings.json</c> beside the executable, a file given with
/// <c>--config</c>, environment variables <c>TELEMETRY__SECTION__NAME</c>, and flags; later ones win.
/// </summary>
public sealed record TelemetryOptions
{
    /// <summary>Folder for log, store and ledger. Default <c>data</c> in the current folder.</summary>
    [Required]
    public string Data { get; init; } = "data";

    /// <summary>
    /// Name of this process among those of its role, part of its transactional ids on Kafka: a process that starts again under
    /// the same name takes over from its predecessor at once. None (default): machine name and process id.
    /// </summary>
    public string Instance { get; init; } = "";

    /// <summary>
    /// Open files that are kept for log, store and the rest; the other files that the process may open (<c>ulimit -n</c>) are sockets for
    /// clients, and a connection beyond those is closed at once. 0 (default): what is open at the start and a quarter of the limit, 256 to 2,048.
    /// </summary>
    [Range(0, 1_000_000)]
    public int ReservedFiles { get; init; }

    /// <summary>Topics on the log.</summary>
    public LogOptions Log { get; init; } = new();

    /// <summary>The cluster that is the log, where <c>Kafka:BootstrapServers</c> names one; otherwise the embedded log is.</summary>
    public KafkaOptions Kafka { get; init; } = new();

    /// <summary>The embedded log.</summary>
    public JournalOptions Journal { get; init; } = new() { Directory = "data/journal" };

    /// <summary>Confluent Schema Registry, or one that speaks its API.</summary>
    public SchemaRegistryOptions SchemaRegistry { get; init; } = new() { CacheDirectory = "data/schemas" };

    /// <summary>The MQTT broker.</summary>
    public EdgeOptions Edge { get; init; } = new();

    /// <summary>MQTT payloads to records.</summary>
    public BridgeOptions Bridge { get; init; } = new();

    /// <summary>The bridge as a client of an MQTT broker that devices are connected to already.</summary>
    public UpstreamOptions Upstream { get; init; } = new();

    /// <summary>The central platform that a gateway forwards to over MQTT.</summary>
    public GatewayOptions Gateway { get; init; } = new();

    /// <summary>Commands to devices.</summary>
    public CommandOptions Commands { get; init; } = new();

    /// <summary>Duplicates, watermarks, detectors.</summary>
    public ProcessingOptions Processing { get; init; } = new();

    /// <summary>Alarms: states, rules, outlets.</summary>
    public AlarmsOptions Alarms { get; init; } = new();

    /// <summary>The store: a server where <c>ClickHouse:Endpoint</c> names one, otherwise the engine in this process.</summary>
    public ClickHouseOptions ClickHouse { get; init; } = new() { DataDirectory = "data/clickhouse" };

    /// <summary>ClickHouse's HTTP interface over the embedded engine.</summary>
    public ClickHouseServerOptions ClickHouseServer { get; init; } = new();

    /// <summary>Retention and floors of the tables.</summary>
    public SchemaOptions Schema { get; init; } = new();

    /// <summary>Log to ClickHouse.</summary>
    public SinkOptions Sink { get; init; } = new();

    /// <summary>Repeated comparison of log and store.</summary>
    public AuditScheduleOptions Audit { get; init; } = new();

    /// <summary>HTTP API and console.</summary>
    public QueryOptions Query { get; init; } = new();

    /// <summary>Where the API, metrics and health are served.</summary>
    public HttpOptions Http { get; init; } = new();

    /// <summary>Who may do what over HTTP.</summary>
    public AccessOptions Access { get; init; } = new();

    /// <summary>The fleet of devices played by <c>simulate</c> and <c>up</c>.</summary>
    public SimulatorOptions Simulator { get; init; } = new();

    /// <summary>Lag of consumer groups and watermarks, as metrics.</summary>
    public LagOptions Lag { get; init; } = new();

    /// <summary>Metrics and traces for an OpenTelemetry collector.</summary>
    public ObservabilityOptions Observability { get; init; } = new();

    /// <summary>Logs.</summary>
    public LoggingOptions Logging { get; init; } = new() { AuditFile = "data/audit/audit.json" };

    /// <summary>Longest time an orderly shutdown may take before the process gives up draining. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan ShutdownTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>True: the log is a Kafka cluster.</summary>
    internal bool IsKafka => !string.IsNullOrWhiteSpace(Kafka.BootstrapServers);

    /// <summary>True: what is taken in goes over a journal of its own, to Kafka or to a central platform.</summary>
    internal bool Forwards => Log.StoreAndForward.Enabled || Gateway.Broker.Length > 0;
}
