using System.Diagnostics;
using System.Globalization;
using Telemetry.Testing.Processes;

namespace Telemetry.Testing;

/// <summary>
/// A real Kafka cluster for tests: the one <c>TELEMETRY_KAFKA</c> names (bootstrap servers), or brokers of its own on
/// loopback, started by the <c>kafka.sh</c> in <c>KAFKA_HOME</c> or in <c>../shared/kafka</c> beside the checkout.
/// </summary>
public sealed class KafkaCluster : IAsyncDisposable
{
    /// <summary>Quick groups and transactions, so that tests need not wait for heartbeats every 5 s and aborts every 10 s.</summary>
    private static readonly string[] Quick =
    [
        "group.consumer.heartbeat.interval.ms=500",
        "group.consumer.session.timeout.ms=6000",
        "transaction.abort.timed.out.transaction.cleanup.interval.ms=1000",
    ];

    private readonly string? _script;
    private readonly string? _directory;

    private KafkaCluster(string bootstrapServers, string? script, string? directory, int brokers)
    {
        (BootstrapServers, _script, _directory, Brokers) = (bootstrapServers, script, directory, brokers);
    }

    /// <summary>Addresses for clients: host:port, comma-separated.</summary>
    public string BootstrapServers { get; }

    /// <summary>Number of brokers; 0 when the cluster is not ours.</summary>
    public int Brokers { get; }

    /// <summary>True: brokers can be killed, started, paused. Never true for <c>TELEMETRY_KAFKA</c>.</summary>
    public bool IsOwn => _script is not null;

    /// <summary>Directory of broker <paramref name="id"/>: server.properties, server.log, data.</summary>
    public string DirectoryOf(int id) => Path.Combine(OwnDirectory, id.ToString(CultureInfo.InvariantCulture));

    /// <summary>Why there can be no cluster, for <c>Assert.Skip</c>; null when there can.</summary>
    /// <param name="own">True: the test kills brokers or needs settings, so it needs a cluster of its own.</param>
    public static string? MissingReason(bool own = false)
    {
        if (External is not null && !own)
        {
            return null;
        }

        return ScriptPath is not null
            ? null
            : "no Kafka: set TELEMETRY_KAFKA=host:port to a running cluster" + (own ? " (not for this test)" : "")
                + " or KAFKA_HOME to a folder with kafka.sh";
    }

    /// <summary>The external cluster, or one broker of our own.</summary>
    public static async Task<KafkaCluster> AnyAsync() =>
        External is { } servers ? new KafkaCluster(servers, null, null, 0) : await StartAsync(1);

    /// <summary>Starts brokers of our own: about 3 s for one, 8 s for three.</summary>
    /// <param name="brokers">1 to 9.</param>
    /// <param name="settings">Broker properties, <c>key=value</c>; they win over the defaults.</param>
    public static async Task<KafkaCluster> StartAsync(int brokers, params string[] settings)
    {
        var script = ScriptPath ?? throw new InvalidOperationException(MissingReason(own: true));
        var directory = Directory.CreateTempSubdirectory("telemetry-kafka-").FullName;
        string[] sets = [.. Quick.Concat(settings).SelectMany(setting => new[] { "--set", setting })];
        try
        {
            var servers = await RunAsync(
                script, ["start", directory, "--brokers", brokers.ToString(CultureInfo.InvariantCulture), .. sets]);
            return new KafkaCluster(servers, script, directory, brokers);
        }
        catch (InvalidOperationException)
        {
            await RunAsync(script, ["destroy", directory]);
            throw;
        }
    }

    /// <summary>SIGKILL: a crash.</summary>
    public Task KillBrokerAsync(int id) => DoAsync("kill", id);

    /// <summary>Starts a killed or stopped broker on its data; returns when it answers.</summary>
    public Task StartBrokerAsync(int id) => DoAsync("start-one", id);

    /// <summary>Orderly stop.</summary>
    public Task StopBrokerAsync(int id) => DoAsync("stop-one", id);

    /// <summary>SIGSTOP: a stall.</summary>
    public async Task PauseBrokerAsync(int id)
    {
        await DoAsync("pause", id);
        var line = (await RunAsync(OwnScript, ["status", OwnDirectory])).Split('\n').First(l => l.StartsWith($"broker {id} ", StringComparison.Ordinal));
        var words = line.Split(' ');
        ProcessSignal.AwaitPaused(int.Parse(words[Array.IndexOf(words, "pid") + 1], CultureInfo.InvariantCulture));
    }

    /// <summary>SIGCONT.</summary>
    public Task ResumeBrokerAsync(int id) => DoAsync("resume", id);

    /// <summary>Id of the active controller.</summary>
    public async Task<int> ControllerAsync() =>
        int.Parse(await ToolAsync("controller"), CultureInfo.InvariantCulture);

    /// <summary>One of Kafka's own tools through <c>kafka.sh</c>: topics, groups, configs, leaders, transactions, acls.</summary>
    /// <returns>What it printed.</returns>
    public Task<string> ToolAsync(string tool, params string[] arguments) =>
        RunAsync(OwnScript, [tool, OwnDirectory, .. arguments]);

    /// <summary>Kills all brokers and deletes their data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_script is not null)
        {
            await RunAsync(_script, ["destroy", OwnDirectory]);
        }
    }

    private static string? External => Environment.GetEnvironmentVariable("TELEMETRY_KAFKA") is { Length: > 0 } servers ? servers : null;

    /// <summary>The <c>kafka.sh</c> that starts brokers of our own; null when there is none.</summary>
    public static string? ScriptPath
    {
        get
        {
            var home = Environment.GetEnvironmentVariable("KAFKA_HOME") is { Length: > 0 } set ? set : BesideCheckout();
            var script = home is null ? null : Path.Combine(home, "kafka.sh");
            return File.Exists(script) ? script : null;
        }
    }

    private string OwnScript => _script ?? throw new InvalidOperationException("The cluster of TELEMETRY_KAFKA is not ours to disturb.");

    private string OwnDirectory => _directory ?? throw new InvalidOperationException("The cluster of TELEMETRY_KAFKA is not ours to disturb.");

    private static string? BesideCheckout()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Telemetry.sln")))
            {
                return Path.Combine(folder.FullName, "..", "shared", "kafka");
            }
        }

        return null;
    }

    private Task<string> DoAsync(string command, int id) =>
        RunAsync(OwnScript, [command, OwnDirectory, id.ToString(CultureInfo.InvariantCulture)]);

    private static async Task<string> RunAsync(string script, IReadOnlyList<string> arguments)
    {
        // Brokers inherit the script's output streams; a file, unlike a pipe, does not keep us waiting for their end.
        var output = Path.GetTempFileName();
        var errors = Path.GetTempFileName();
        try
        {
            var start = new ProcessStartInfo("/bin/bash")
            {
                ArgumentList = { "-c", "out=$1 err=$2; shift 2; exec \"$@\" >\"$out\" 2>\"$err\" </dev/null", "kafka", output, errors, script },
            };
            foreach (var argument in arguments)
            {
                start.ArgumentList.Add(argument);
            }

            start.Environment.TryAdd("KAFKA_HEAP", "256m");
            using var process = Process.Start(start)!;
            await process.WaitForExitAsync();
            return process.ExitCode == 0
                ? (await File.ReadAllTextAsync(output)).Trim()
                : throw new InvalidOperationException(
                    $"'{script} {string.Join(' ', arguments)}' ended with {process.ExitCode}: {await File.ReadAllTextAsync(errors)}");
        }
        finally
        {
            File.Delete(output);
            File.Delete(errors);
        }
    }
}
