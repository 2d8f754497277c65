using System.Globalization;
using Telemetry.Host.Configuration;

namespace Telemetry.Host.Apart;

/// <summary>Which processes run, on which ports and with which settings.</summary>
/// <param name="Roles">All of them but the simulator.</param>
/// <param name="EdgeAddress">MQTT, host:port.</param>
/// <param name="QueryAddress">Console and API, host:port.</param>
/// <param name="ClickHouse">The store.</param>
internal sealed record RolePlan(IReadOnlyList<RoleSpec> Roles, string EdgeAddress, string QueryAddress, Uri ClickHouse)
{
    /// <summary>The role where devices come in.</summary>
    public const string Intake = "edge";

    private const string Engine = "clickhouse";

    /// <summary>From the outside in.</summary>
    public static readonly IReadOnlyList<string> StopOrder = [Intake, "process", "alarms", "store", "query", Engine];

    /// <param name="options">Settings of the whole.</param>
    /// <param name="counts">How many of each role.</param>
    /// <param name="settings">The settings as arguments, for every process.</param>
    public static RolePlan Make(TelemetryOptions options, RoleCounts counts, IReadOnlyList<string> settings)
    {
        var ports = new FreePorts();
        var roles = new List<RoleSpec>();
        var clickHouse = options.ClickHouse.Endpoint;
        if (clickHouse is null)
        {
            clickHouse = Loopback(options.ClickHouseServer.Port is > 0 and { } chosen ? chosen : ports.Take());
            roles.Add(new RoleSpec(
                Engine, Engine,
                [
                    Engine, .. settings, "--stop-with-stdin",
                    .. Set([("ClickHouseServer:Port", Text(clickHouse.Port)), .. LogFile(options, Engine)]),
                ],
                new Uri(clickHouse, "/readyz"), clickHouse));
        }

        foreach (var (role, count) in new[] { ("store", counts.Store), ("process", counts.Process), ("alarms", 1) })
        {
            for (var i = 1; i <= count; i++)
            {
                roles.Add(Role(role, count == 1 ? role : $"{role}-{i}", ports.Take()));
            }
        }

        var mqtt = options.Edge.EffectiveListeners[0].Port;
        mqtt = mqtt == 0 ? ports.Take() : mqtt;
        roles.Add(Role(Intake, Intake, ports.Take(), ("Edge:Listeners:0:Port", Text(mqtt))));
        var http = options.Http.Port == 0 ? ports.Take() : options.Http.Port;
        var peers = roles.Where(r => r.Http is not null).Select((r, i) => ($"Http:Peers:{Text(i)}", r.Http!.ToString()));
        roles.Add(Role("query", "query", http, [.. peers]));
        return new RolePlan(roles, $"127.0.0.1:{Text(mqtt)}", $"127.0.0.1:{Text(http)}", clickHouse);

        RoleSpec Role(string role, string name, int port, params (string Key, string Value)[] more) => new(
            name, role,
            [
                role, .. settings, "--stop-with-stdin",
                .. Set(
                [
                    ("ClickHouse:Endpoint", clickHouse.ToString()),
                    ("Http:Port", Text(port)),
                    ("Instance", $"{(options.Instance.Length > 0 ? options.Instance : Environment.MachineName)}-{name}"),
                    .. more,
                    .. LogFile(options, name),
                ]),
            ],
            new Uri(Loopback(port), "/readyz"), Loopback(port));
    }

    /// <summary>On its console only text, which the supervisor looks through for warnings; everything in a file of its own.</summary>
    private static (string Key, string Value)[] LogFile(TelemetryOptions options, string name) =>
        [("Logging:Format", "Text"), ("Logging:File", Path.Combine(new DataDirectory(options.Data).Logs, name + "-.jsonl"))];

    private static IEnumerable<string> Set(IEnumerable<(string Key, string Value)> settings) =>
        settings.SelectMany(s => new[] { "--set", $"{s.Key}={s.Value}" });

    private static Uri Loopback(int port) => new UriBuilder("http", "127.0.0.1", port).Uri;

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
