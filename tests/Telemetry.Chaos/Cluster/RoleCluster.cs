using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Telemetry.Chaos.Schedules;
using Telemetry.Testing;
using Telemetry.Testing.Faults;
using Telemetry.Testing.Processes;

namespace Telemetry.Chaos.Cluster;

/// <summary>
/// The roles of one schedule, each a process of its own: ClickHouse's engine, edges behind one link, processes, stores with a
/// link each to ClickHouse, query, and the simulator.
/// </summary>
internal sealed class RoleCluster : IAsyncDisposable
{
    private const int ClickHouseDiskMegabytes = 512;

    private readonly ClusterOptions _options;
    private readonly ProcessRegister _register;
    private readonly ConcurrentDictionary<string, RoleProcess> _extras = new();
    private readonly Dictionary<string, RoleProcess> _roles = [];
    private SmallFileSystem? _disk;
    private int _extraNumber;

    private RoleCluster(ClusterOptions options, ProcessRegister register)
    {
        _options = options;
        _register = register;
    }

    /// <summary>The processes of the shape, by instance.</summary>
    public IReadOnlyDictionary<string, RoleProcess> Roles => _roles;

    /// <summary>All processes there are or were, with those that came and went.</summary>
    public IEnumerable<RoleProcess> All => [.. _roles.Values, .. _extras.Values];

    /// <summary>Links to ClickHouse by name, and the one to the edges.</summary>
    public Dictionary<string, TcpProxy> Links { get; } = [];

    /// <summary>ClickHouse itself, beside all links.</summary>
    public IPEndPoint ClickHouse { get; private set; } = null!;

    /// <summary>True when ClickHouse's data lies on a small file system that can be filled.</summary>
    public bool CanFill => _disk is not null;

    /// <summary>Consumer group of processing in this schedule.</summary>
    public string ProcessingGroup => ClusterSettings.ProcessingGroup(Text(_options.Seed));

    /// <summary>Where the audit's words are kept.</summary>
    public string AuditFile => Path.Combine(_options.Data, "audit.json");

    private string SimulatorReport => Path.Combine(_options.Data, "simulator.json");

    /// <summary>Where the fleet writes a line of progress each second.</summary>
    public string SimulatorLog => LogOf(ClusterNames.Simulator);

    /// <summary>Lays it out; no process runs yet.</summary>
    public static async Task<RoleCluster> CreateAsync(ClusterOptions options, ProcessRegister register)
    {
        var cluster = new RoleCluster(options, register);
        Directory.CreateDirectory(Path.Combine(options.Data, "logs"));
        if (options.SmallDisk)
        {
            cluster._disk = await SmallFileSystem.TryMountAsync(cluster.DataOf(ClusterNames.ClickHouse), ClickHouseDiskMegabytes);
        }

        cluster.LayOut();
        return cluster;
    }

    /// <summary>Starts every role but the simulator, all at once: waiting for one another is theirs to do.</summary>
    public async Task StartAsync()
    {
        foreach (var role in _roles.Values.Where(r => r.Name != ClusterNames.Simulator))
        {
            await role.StartAsync();
        }
    }

    /// <summary>Waits until all roles say that they are ready.</summary>
    /// <exception cref="ChaosException">Not within the limit; the message has each one's reason.</exception>
    public async Task WaitReadyAsync(TimeSpan limit, CancellationToken cancellationToken)
    {
        using var readiness = new Readiness();
        var missing = await readiness.WaitAsync([.. _roles.Values.Where(r => r.Http is not null)], limit, cancellationToken);
        if (missing.Count > 0)
        {
            throw new ChaosException($"not ready within {limit.TotalSeconds:F0} s: {string.Join("; ", missing)}");
        }
    }

    /// <summary>Another instance of store or process.</summary>
    public async Task<RoleProcess> AddAsync(TargetKind kind)
    {
        var role = kind == TargetKind.Store ? "store" : "process";
        var name = string.Create(CultureInfo.InvariantCulture, $"{role}-extra-{Interlocked.Increment(ref _extraNumber)}");
        var process = MakeRole(role, name, FreePorts.Find(), role == "store" ? ClickHouse : null);
        _extras[name] = process;
        await process.StartAsync();
        return process;
    }

    public void Fill() => _disk!.Fill();

    public void Free() => _disk!.Free();

    /// <summary>Every link passes, every role runs.</summary>
    public async Task HealAsync()
    {
        _disk?.Free();
        foreach (var link in Links.Values)
        {
            await link.SetAsync(LinkMode.Pass);
        }

        foreach (var role in _roles.Values.Where(r => r.Name != ClusterNames.Simulator))
        {
            role.Resume();
            await role.StartAsync();
        }
    }

    /// <summary>Stops instances in good order, all at once.</summary>
    /// <returns>Those that had to be killed.</returns>
    public async Task<IReadOnlyList<string>> StopAsync(IEnumerable<RoleProcess> roles, TimeSpan limit)
    {
        var stops = roles.Select(async r => (r.Name, Code: await r.StopAsync(limit))).ToList();
        return [.. (await Task.WhenAll(stops)).Where(s => s.Code is null).Select(s => s.Name)];
    }

    /// <summary>The command of an audit over this cluster's log, store and ledger.</summary>
    /// <param name="drain">True: it first stores what the roles have not.</param>
    public IReadOnlyList<string> AuditCommand(bool drain) =>
    [
        "dotnet", _options.Host, "audit", "--json", "--data", _options.Data, .. Kafka(), .. Endpoint(ClickHouse), .. Settings(),
        .. drain ? Array.Empty<string>() : ["--no-drain"],
    ];

    /// <summary>Copies what lies in memory beside its mount, so that it outlives this cluster. Ends all roles.</summary>
    public async Task KeepDiskAsync()
    {
        if (_disk is not null)
        {
            await Task.WhenAll(All.Select(r => r.KillAsync()));
            await ShellCommand.OutputAsync(["cp", "-a", _disk.Directory, _disk.Directory + ".kept"], CancellationToken.None);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var role in All)
        {
            await role.DisposeAsync();
        }

        foreach (var link in Links.Values)
        {
            await link.DisposeAsync();
        }

        if (_disk is not null)
        {
            await _disk.DisposeAsync();
        }
    }

    private void LayOut()
    {
        var shape = _options.Shape;
        var ports = new Queue<int>(FreePorts.Find((2 * shape.Edges) + shape.Processes + shape.Stores + 2));
        ClickHouse = new IPEndPoint(IPAddress.Loopback, ports.Dequeue());
        AddClickHouse();
        var edges = new List<IPEndPoint>();
        foreach (var edge in shape.EdgeNames)
        {
            var mqtt = ports.Dequeue();
            edges.Add(new IPEndPoint(IPAddress.Loopback, mqtt));
            AddRole("edge", edge, ports.Dequeue(), null, "--mqtt-port", Text(mqtt));
        }

        foreach (var process in shape.ProcessNames)
        {
            AddRole("process", process, ports.Dequeue(), null);
        }

        foreach (var store in shape.StoreNames)
        {
            var link = AddLink(ClusterNames.ClickHouseLink(store), [ClickHouse]);
            AddRole("store", store, ports.Dequeue(), link.EndPoint);
        }

        AddRole("query", ClusterNames.Query, ports.Dequeue(), ClickHouse);
        AddSimulator(AddLink(ClusterNames.MqttLink, edges).EndPoint);
    }

    /// <summary>Its health is on the same port as its HTTP interface.</summary>
    private void AddClickHouse() => _roles.Add(ClusterNames.ClickHouse, Make(
        ClusterNames.ClickHouse,
        ClickHouse,
        ["clickhouse", "--clickhouse-http", Text(ClickHouse.Port), "--data", DataOf(ClusterNames.ClickHouse)]));

    private void AddRole(string role, string name, int httpPort, IPEndPoint? clickHouse, params string[] more) =>
        _roles.Add(name, MakeRole(role, name, httpPort, clickHouse, more));

    private RoleProcess MakeRole(string role, string name, int httpPort, IPEndPoint? clickHouse, params string[] more) => Make(
        name,
        new IPEndPoint(IPAddress.Loopback, httpPort),
        [
            role, "--data", DataOf(name), "--instance", name, "--http-port", Text(httpPort),
            .. Kafka(), .. Endpoint(clickHouse), .. Settings(), .. more,
        ]);

    private void AddSimulator(IPEndPoint broker) => _roles.Add(ClusterNames.Simulator, Make(
        ClusterNames.Simulator,
        null,
        [
            "simulate", "--data", _options.Data, "--broker", broker.ToString(), "--devices", Text(_options.Devices),
            "--rate", _options.Rate, "--seed", Text(_options.Seed), "--progress-json", "--report", SimulatorReport,
            .. ClusterSettings.Fleet.SelectMany(Set),
        ]));

    private RoleProcess Make(string name, IPEndPoint? http, IReadOnlyList<string> arguments) =>
        new(name, ["dotnet", _options.Host, .. arguments], http, LogOf(name), _register);

    private TcpProxy AddLink(string name, IReadOnlyList<IPEndPoint> targets)
    {
        var link = new TcpProxy(0, targets, _options.Seed, TimeProvider.System);
        Links.Add(name, link);
        return link;
    }

    private string[] Kafka() => ["--kafka", _options.Bootstrap];

    private static string[] Endpoint(IPEndPoint? clickHouse) => clickHouse is null ? [] : ["--clickhouse", $"http://{clickHouse}"];

    private IEnumerable<string> Settings() => ClusterSettings.Roles(Text(_options.Seed))
        .Concat(_options.Registry is { } url ? [$"SchemaRegistry:Urls:0={url}"] : [])
        .SelectMany(Set);

    private static string[] Set(string setting) => ["--set", setting];

    private string DataOf(string name) => Path.Combine(_options.Data, name);

    private string LogOf(string name) => Path.Combine(_options.Data, "logs", name + ".log");

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
