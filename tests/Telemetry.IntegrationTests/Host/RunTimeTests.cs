using System.Net;
using System.Net.Sockets;
using Telemetry.Host.Configuration;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;

namespace Telemetry.IntegrationTests.Host;

/// <summary>
/// A run with <c>--for</c> ends by itself whatever hangs, and what cannot heal ends a process with one sentence. The waits of
/// <see cref="TelemetryProcess"/> are the bound: before, these runs did not end at all.
/// </summary>
[Collection("processes over Kafka")]
public sealed class RunTimeTests : IDisposable
{
    private static readonly Dictionary<string, string> ShortStop = new() { ["TELEMETRY__SHUTDOWNTIMEOUT"] = "9s" };

    private readonly string _data = Directory.CreateTempSubdirectory("telemetry-for-").FullName;

    public void Dispose() => Directory.Delete(_data, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_whose_brokers_cannot_be_reached_ends_in_its_time(bool apart)
    {
        var (code, _, errors) = await UpAsync($"127.0.0.1:{FreePorts.Find()}", ShortStop, apart ? ["--roles-apart"] : []);

        code.ShouldBe(70, errors);
        errors.ShouldContain("--for");
    }

    [Fact]
    public async Task Run_whose_brokers_take_connections_and_never_answer_ends_in_its_time()
    {
        // Nobody accepts: the system does, and keeps what is sent.
        using var mute = new TcpListener(IPAddress.Loopback, 0);
        mute.Start(100);

        var (code, _, errors) = await UpAsync(mute.LocalEndpoint.ToString()!, ShortStop);

        code.ShouldBe(70, errors);
        errors.ShouldContain("--for");
    }

    [Fact]
    public async Task Run_whose_cluster_dies_ends_in_its_time()
    {
        await using var kafka = await OwnClusterAsync();
        await using var up = TelemetryProcess.Start(Arguments(kafka.BootstrapServers, "30s"));
        await WaitForInstanceAsync(up);

        await kafka.KillBrokerAsync(1);

        // 70 when something had to be left behind; what is not committed is read again either way.
        var code = await up.WaitAsync();
        (code is 0 or 70).ShouldBeTrue($"code {code}:\n{up.Errors}");
    }

    /// <summary>librdkafka refuses the combination when a member of a group is made: one is made before anything is begun, or connected to.</summary>
    [Fact]
    public async Task Setting_that_only_a_group_member_refuses_ends_the_process_with_one_sentence()
    {
        var (code, output, errors) = await UpAsync($"127.0.0.1:{FreePorts.Find()}", new Dictionary<string, string>
        {
            ["TELEMETRY__KAFKA__GROUPPROTOCOL"] = "Classic",
            ["TELEMETRY__KAFKA__MAXPOLLINTERVAL"] = "2s",
            ["TELEMETRY__KAFKA__SESSIONTIMEOUT"] = "15s",
        });

        code.ShouldBe(2, errors);
        var said = errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).ShouldHaveSingleItem();
        said.ShouldStartWith("A Kafka consumer cannot be made of the settings");
        said.ShouldContain("session.timeout.ms");
        output.ShouldNotContain("again", Case.Insensitive);
    }

    [Fact]
    public async Task Missing_client_library_ends_the_process_with_one_sentence()
    {
        var program = CopyProgramWithoutLibrary();

        var (code, _, errors) = await TelemetryProcess.RunCopyAsync(program, Arguments($"127.0.0.1:{FreePorts.Find()}", "10s"));

        code.ShouldBe(2, errors);
        errors.ShouldContain("librdkafka cannot be loaded");
        errors.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(1, errors);
    }

    [Fact]
    public async Task Doctor_names_the_client_library_in_use()
    {
        var (_, output, errors) = await TelemetryProcess.RunAsync("doctor", "--data", _data, "--mqtt-port", "0", "--http-port", "0");

        output.ShouldMatch(@"ok   Kafka client library: librdkafka \d+\.\d+\.\d+, /.*librdkafka.*", errors);
    }

    private static async Task<KafkaCluster> OwnClusterAsync()
    {
        if (KafkaCluster.MissingReason(own: true) is { } missing)
        {
            Assert.Skip(missing);
        }

        return await KafkaCluster.StartAsync(1);
    }

    private Task<(int Code, string Output, string Errors)> UpAsync(
        string bootstrap, IReadOnlyDictionary<string, string> environment, params string[] more) =>
        TelemetryProcess.RunAsync(environment, [.. Arguments(bootstrap, environment == ShortStop ? "4s" : "60s"), .. more]);

    private string[] Arguments(string bootstrap, string time) =>
    [
        "up", "--kafka", bootstrap, "--data", _data, "--for", time, "--devices", "10", "--rate", "10/s",
        "--mqtt-port", "0", "--http-port", "0", "--no-browser", "--plain",
    ];

    private async Task WaitForInstanceAsync(TelemetryProcess up)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var file = Path.Combine(_data, "instance.json");
        while (!File.Exists(file))
        {
            up.HasExited.ShouldBeFalse(up.Errors);
            await Task.Delay(50, limit.Token);
        }
    }

    /// <summary>A folder with the program and, in the place of the client library, files that are none.</summary>
    private string CopyProgramWithoutLibrary()
    {
        var from = Path.GetDirectoryName(typeof(TelemetryOptions).Assembly.Location)!;
        var to = Path.Combine(_data, "program");
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
            if (Path.GetFileName(file).Contains("librdkafka", StringComparison.Ordinal))
            {
                File.WriteAllText(copy, "not a library");
            }
            else
            {
                File.Copy(file, copy);
            }
        }

        return Path.Combine(to, Path.GetFileName(typeof(TelemetryOptions).Assembly.Location));
    }
}
