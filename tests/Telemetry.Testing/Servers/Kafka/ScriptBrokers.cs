using System.Diagnostics;
using System.Globalization;
using Telemetry.Testing.Processes;

namespace Telemetry.Testing.Servers.Kafka;

/// <summary>Brokers as processes on loopback, started and stopped by <c>kafka.sh</c>.</summary>
internal sealed class ScriptBrokers : IKafkaBrokers
{
    private readonly string _script;

    private ScriptBrokers(string script, string directory, string servers)
    {
        (_script, Folder, BootstrapServers) = (script, directory, servers);
    }

    public string BootstrapServers { get; }

    /// <summary>Holds a folder for each broker: server.properties, server.log, data.</summary>
    public string Folder { get; }

    /// <param name="script">kafka.sh.</param>
    /// <param name="brokers">1 to 9.</param>
    /// <param name="settings">Broker properties, <c>key=value</c>.</param>
    public static async Task<ScriptBrokers> StartAsync(string script, int brokers, IEnumerable<string> settings)
    {
        var directory = Directory.CreateTempSubdirectory("telemetry-kafka-").FullName;
        string[] sets = [.. settings.SelectMany(setting => new[] { "--set", setting })];
        try
        {
            var servers = await RunAsync(script, ["start", directory, "--brokers", brokers.ToString(CultureInfo.InvariantCulture), .. sets]);
            return new ScriptBrokers(script, directory, servers);
        }
        catch (InvalidOperationException)
        {
            await RunAsync(script, ["destroy", directory]);
            throw;
        }
    }

    public Task KillAsync(int id) => DoAsync("kill", id);

    public Task StartAsync(int id) => DoAsync("start-one", id);

    public Task StopAsync(int id) => DoAsync("stop-one", id);

    public async Task PauseAsync(int id)
    {
        await DoAsync("pause", id);
        var line = (await RunAsync(_script, ["status", Folder])).Split('\n').First(l => l.StartsWith($"broker {id} ", StringComparison.Ordinal));
        var words = line.Split(' ');
        ProcessSignal.AwaitPaused(int.Parse(words[Array.IndexOf(words, "pid") + 1], CultureInfo.InvariantCulture));
    }

    public Task ResumeAsync(int id) => DoAsync("resume", id);

    public async Task<int> ControllerAsync() => int.Parse(await ToolAsync("controller", []), CultureInfo.InvariantCulture);

    public Task<string> ToolAsync(string tool, IReadOnlyList<string> arguments) => RunAsync(_script, [tool, Folder, .. arguments]);

    /// <summary>Kills all brokers and deletes their data.</summary>
    public async ValueTask DisposeAsync() => await RunAsync(_script, ["destroy", Folder]);

    private Task<string> DoAsync(string command, int id) => RunAsync(_script, [command, Folder, id.ToString(CultureInfo.InvariantCulture)]);

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

            // Brokers of tests live for seconds: Java's second compiler would cost them more than it gives. A benchmark sets its own.
            start.Environment.TryAdd("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1");
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
