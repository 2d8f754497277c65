using MQTTnet;
using Telemetry.Edge.Security.Passwords;
using Telemetry.Edge.Security.Users;
using Telemetry.IntegrationTests.Mqtt;
using Telemetry.IntegrationTests.Support;
using Telemetry.Testing;
using Telemetry.Testing.Processes;

namespace Telemetry.IntegrationTests.Host;

/// <summary>SIGHUP to the executable reads users again; no connection and no process ends by it.</summary>
[Collection("processes")]
public sealed class HangUpTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("telemetry-hup-");

    private string Users => Path.Combine(_folder.FullName, "users");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public async Task User_that_was_added_comes_in_after_the_signal_and_the_others_stay()
    {
        Assert.SkipWhen(IsIgnored(), "SIGHUP is ignored by what started these tests, as nohup does, and so by every process they start");
        Set("ann");
        var port = FreePorts.Find();
        await using var platform = TelemetryProcess.Start(
            "up", "--no-simulator", "--no-browser", "--plain", "--data", Path.Combine(_folder.FullName, "data"), "--mqtt-port", $"{port}",
            "--http-port", "0", "--set", $"Edge:UsersFile={Users}", "--set", "Edge:ReloadInterval=0s");
        await platform.WaitForPortAsync(port);
        await using var ann = await TestClient.ConnectAsync(port, "ann", As("ann"));
        Set("bob");
        (await TryAsync(port)).ShouldNotBe(MqttClientConnectResultCode.Success);

        ProcessSignal.HangUp(platform.Id).ShouldBeTrue();

        using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await TryAsync(port) != MqttClientConnectResultCode.Success)
        {
            // Wrong passwords are backed off: one look in ten seconds after the fifth.
            await Task.Delay(1_000, timeout.Token);
        }

        await ann.ShouldBeQuietAsync();
        platform.HasExited.ShouldBeFalse();
    }

    /// <summary>The kernel's word: bit 0 of SigIgn is signal 1.</summary>
    private static bool IsIgnored() => File.ReadLines("/proc/self/status")
        .First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))
        [^1] is '1' or '3' or '5' or '7' or '9' or 'b' or 'd' or 'f';

    private static Action<MqttClientOptions> As(string user) => options =>
        options.Credentials = new MqttClientCredentials(user, System.Text.Encoding.UTF8.GetBytes(user));

    private static async Task<MqttClientConnectResultCode> TryAsync(int port)
    {
        await using var client = await TestClient.TryConnectAsync(port, "bob", As("bob"));
        return client.Answer.ResultCode;
    }

    private void Set(string user) => UsersFile.Set(Users, user, PasswordHash.Create(System.Text.Encoding.UTF8.GetBytes(user), 1_000));
}
