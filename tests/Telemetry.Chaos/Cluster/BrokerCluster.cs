using System.Globalization;
using System.Net;
using Telemetry.Testing;
using Telemetry.Testing.Faults;
using Telemetry.Testing.Processes;

namespace Telemetry.Chaos.Cluster;

/// <summary>
/// Kafka brokers of our own, by <c>kafka.sh</c>. Clients reach each through a link that can be made bad: the brokers advertise
/// a listener for clients at the links' ports, and speak among themselves over the other one.
/// </summary>
internal sealed class BrokerCluster : IAsyncDisposable
{
    private const int DiskMegabytes = 384;
    private const int StartTries = 3;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(90);

    private readonly string _script;
    private readonly string _directory;
    private readonly ProcessRegister _register;
    private readonly Dictionary<string, SmallFileSystem> _disks = [];

    private BrokerCluster(string script, string directory, int count, ProcessRegister register)
    {
        _script = script;
        _directory = directory;
        _register = register;
        Ids = [.. Enumerable.Range(1, count)];
    }

    public IReadOnlyList<int> Ids { get; }

    /// <summary>Links between clients and brokers, by broker name.</summary>
    public Dictionary<string, TcpProxy> Links { get; } = [];

    /// <summary>Where clients begin: the links.</summary>
    public string Bootstrap => string.Join(',', Links.Values.Select(l => l.EndPoint.ToString()));

    /// <summary>True when the brokers' data lies on small file systems that can be filled.</summary>
    public bool CanFill => _disks.Count > 0;

    /// <param name="script"><c>kafka.sh</c>.</param>
    /// <param name="directory">Empty folder for everything the cluster owns.</param>
    /// <param name="count">Brokers.</param>
    /// <param name="smallDisks">Asks for file systems that can be filled; where they cannot be had, ordinary ones.</param>
    /// <param name="register">Where the brokers are written down.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<BrokerCluster> StartAsync(
        string script, string directory, int count, bool smallDisks, ProcessRegister register, CancellationToken cancellationToken)
    {
        var cluster = new BrokerCluster(script, directory, count, register);
        try
        {
            await cluster.RunAsync(["start", directory, "--brokers", Text(count), .. Settings()], cancellationToken);
            cluster.Register();
            foreach (var id in cluster.Ids)
            {
                await cluster.RunAsync(["kill", directory, Text(id)], cancellationToken);
            }

            foreach (var id in cluster.Ids)
            {
                await cluster.AddClientListenerAsync(id, smallDisks);
            }

            await cluster.RunAsync(["start", directory], cancellationToken);
            cluster.Register();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    public static string Name(int id) => "broker-" + Text(id);

    public static int Id(string name) => int.Parse(name.AsSpan("broker-".Length), CultureInfo.InvariantCulture);

    public Task KillAsync(int id) => RunAsync(["kill", _directory, Text(id)], CancellationToken.None);

    public Task PauseAsync(int id) => RunAsync(["pause", _directory, Text(id)], CancellationToken.None);

    public Task ResumeAsync(int id) => RunAsync(["resume", _directory, Text(id)], CancellationToken.None);

    public Task StopAsync(int id) => RunAsync(["stop-one", _directory, Text(id)], CancellationToken.None);

    /// <summary>Starts a broker on its data and waits until it answers.</summary>
    public async Task StartAsync(int id, CancellationToken cancellationToken)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                await RunAsync(["start-one", _directory, Text(id)], cancellationToken);
                break;
            }
            catch (ChaosException) when (tries < StartTries)
            {
                // The one before may still have been on its way out, which looks like an end of the new one.
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }

        Register();
    }

    /// <summary>The broker that leads the controllers.</summary>
    public async Task<int> ControllerAsync(CancellationToken cancellationToken)
    {
        var text = await RunAsync(["controller", _directory], cancellationToken);
        return int.TryParse(text, CultureInfo.InvariantCulture, out var id) && Ids.Contains(id)
            ? id
            : throw new ChaosException($"kafka.sh controller answered \"{text}\".");
    }

    public void Fill(string name) => _disks[name].Fill();

    public void Free(string name) => _disks[name].Free();

    /// <summary>Every broker runs and its link passes.</summary>
    public async Task HealAsync(CancellationToken cancellationToken)
    {
        foreach (var disk in _disks.Values)
        {
            disk.Free();
        }

        foreach (var link in Links.Values)
        {
            await link.SetAsync(LinkMode.Pass);
        }

        foreach (var id in Ids)
        {
            await EnsureRunningAsync(id, cancellationToken);
        }
    }

    /// <summary>Starts or continues a broker unless it runs.</summary>
    public async Task EnsureRunningAsync(int id, CancellationToken cancellationToken)
    {
        var status = await RunAsync(["status", _directory], cancellationToken);
        var line = status.Split('\n').Single(l => l.StartsWith($"broker {Text(id)} ", StringComparison.Ordinal));
        if (line.EndsWith("paused", StringComparison.Ordinal))
        {
            await ResumeAsync(id);
        }
        else if (line.EndsWith("stopped", StringComparison.Ordinal))
        {
            await StartAsync(id, cancellationToken);
        }
    }

    /// <summary>Kills the brokers and copies all they had.</summary>
    public async Task KeepAsync(string folder)
    {
        await KillAllAsync();
        await ShellCommand.OutputAsync(["cp", "-a", "--sparse=always", _directory, folder], CancellationToken.None);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await KillAllAsync();
        foreach (var disk in _disks.Values)
        {
            await disk.DisposeAsync();
        }

        foreach (var link in Links.Values)
        {
            await link.DisposeAsync();
        }

        if (Directory.Exists(_directory))
        {
            Directory.Delete(_directory, recursive: true);
        }
    }

    private static IEnumerable<string> Settings()
    {
        string[] settings =
        [
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
            "group.consumer.heartbeat.interval.ms=500",
            "group.consumer.session.timeout.ms=6000",
            "offsets.topic.num.partitions=3",
            "transaction.state.log.num.partitions=3",
            "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000",
            "log.segment.delete.delay.ms=1000",
        ];
        return settings.SelectMany(s => new[] { "--set", s });
    }

    /// <summary>Before its second start: a listener at a free port, told to clients as the port of its link.</summary>
    private async Task AddClientListenerAsync(int id, bool smallDisk)
    {
        var home = Path.Combine(_directory, Text(id));
        var port = FreePorts.Find();
        var link = new TcpProxy(0, [new IPEndPoint(IPAddress.Loopback, port)], id, TimeProvider.System);
        Links.Add(Name(id), link);
        var file = Path.Combine(home, "server.properties");
        var lines = File.ReadAllLines(file).Select(line =>
            line.StartsWith("listeners=", StringComparison.Ordinal) ? $"{line},CLIENT://127.0.0.1:{Text(port)}"
            : line.StartsWith("advertised.listeners=", StringComparison.Ordinal) ? $"{line},CLIENT://{link.EndPoint}"
            : line);
        await File.WriteAllLinesAsync(file, lines);
        if (smallDisk)
        {
            await MoveToSmallDiskAsync(id, Path.Combine(home, "data"));
        }
    }

    private async Task MoveToSmallDiskAsync(int id, string data)
    {
        var aside = data + ".formatted";
        Directory.Move(data, aside);
        if (await SmallFileSystem.TryMountAsync(data, DiskMegabytes) is { } disk)
        {
            _disks.Add(Name(id), disk);
        }
        else
        {
            Directory.CreateDirectory(data);
        }

        await ShellCommand.OutputAsync(["cp", "-a", aside + "/.", data], CancellationToken.None);
        Directory.Delete(aside, recursive: true);
    }

    private Task KillAllAsync() => Task.WhenAll(Ids.Select(id => Pid(id) is { } pid ? _register.KillAsync(pid) : Task.CompletedTask));

    private void Register()
    {
        foreach (var id in Ids)
        {
            if (Pid(id) is { } pid)
            {
                _register.Add(pid, Name(id));
            }
        }
    }

    private int? Pid(int id)
    {
        var file = Path.Combine(_directory, Text(id), "pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }

    private async Task<string> RunAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit * 2);
        try
        {
            return await ShellCommand.OutputAsync(["bash", _script, .. arguments], limit.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new ChaosException($"kafka.sh {arguments[0]} did not end within {AnswerLimit.TotalSeconds * 2:F0} s: the machine is too busy for {Ids.Count} brokers, or a broker does not start.");
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
