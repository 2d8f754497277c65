using System.Net;
using Telemetry.Testing.Faults;
using Telemetry.Testing.Processes;
using Telemetry.Testing.Servers;

namespace Telemetry.Chaos.Cluster;

/// <summary>A schema registry of our own by <c>registry.sh</c>, behind a link that can be made bad. It outlives schedules.</summary>
internal sealed class SchemaRegistryNode : IAsyncDisposable
{
    private const int StartsMax = 5;
    private static readonly TimeSpan StartPause = TimeSpan.FromSeconds(2);

    private readonly string _script;
    private readonly string _directory;
    private readonly ProcessRegister _register;
    private Uri _url = null!;

    private SchemaRegistryNode(string script, string directory, ProcessRegister register)
    {
        _script = script;
        _directory = directory;
        _register = register;
    }

    /// <summary>Between the roles and the registry.</summary>
    public TcpProxy Link { get; private set; } = null!;

    /// <summary>Base URL, through the link.</summary>
    public Uri Url => new UriBuilder(_url) { Port = Link.EndPoint.Port }.Uri;

    /// <summary>Starts one; null where <see cref="TestServers.SchemaRegistry"/> finds no <c>registry.sh</c>.</summary>
    /// <param name="directory">Folder for its data.</param>
    /// <param name="register">Where it is written down.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<SchemaRegistryNode?> TryStartAsync(string directory, ProcessRegister register, CancellationToken cancellationToken)
    {
        if (TestServers.SchemaRegistry.Program() is not { } script)
        {
            return null;
        }

        var node = new SchemaRegistryNode(script, directory, register);
        try
        {
            node._url = new Uri(await node.StartAsync(cancellationToken));
            node.Link = new TcpProxy(0, [new IPEndPoint(IPAddress.Loopback, node._url.Port)], seed: 1, TimeProvider.System);
            return node;
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public Task KillAsync() => RunAsync("kill", CancellationToken.None);

    public Task PauseAsync() => RunAsync("pause", CancellationToken.None);

    /// <summary>It runs and its link passes.</summary>
    public async Task HealAsync(CancellationToken cancellationToken)
    {
        await Link.SetAsync(LinkMode.Pass);
        if (Pid is { } pid)
        {
            ProcessSignal.Resume(pid);
        }

        // Killed in the middle of a write, on a busy machine, its database may not open in the time the registry gives it.
        for (var tries = 1; ; tries++)
        {
            try
            {
                await StartAsync(cancellationToken);
                return;
            }
            catch (ChaosException) when (tries < StartsMax)
            {
                await Task.Delay(StartPause, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Pid is { } pid)
        {
            await _register.KillAsync(pid);
        }

        if (Link is not null)
        {
            await Link.DisposeAsync();
        }
    }

    private int? Pid
    {
        get
        {
            var file = Path.Combine(_directory, "pid");
            return File.Exists(file) && int.TryParse(File.ReadAllText(file).Trim(), null, out var pid) && _register.IsRunning(pid)
                ? pid
                : null;
        }
    }

    private async Task<string> StartAsync(CancellationToken cancellationToken)
    {
        var url = await RunAsync("start", cancellationToken);
        if (int.TryParse(await File.ReadAllTextAsync(Path.Combine(_directory, "pid"), cancellationToken), null, out var pid) && !_register.IsRunning(pid))
        {
            _register.Add(pid, "registry");
        }

        return url;
    }

    private Task<string> RunAsync(string command, CancellationToken cancellationToken) =>
        ShellCommand.OutputAsync(["bash", _script, command, _directory], cancellationToken);
}
