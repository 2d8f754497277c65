using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Telemetry.Host.Composition;
using Telemetry.Host.Configuration;
using Telemetry.Tests.Simulator;

namespace Telemetry.Tests.Host;

public sealed class PreflightTests
{
    [Fact]
    public void Port_in_use_is_told_in_one_sentence_with_who_has_it_and_the_flag_for_another()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var port = ((IPEndPoint)other.LocalEndpoint).Port;

        var error = Should.Throw<IOException>(() => Preflight.CheckPorts(Load(Path.GetTempPath(), ("Http:Port", $"{port}"), ("Edge:Listeners:0:Port", "0")), Roles.All));

        error.Message.ShouldStartWith($"127.0.0.1:{port}, for HTTP, is in use by process {Environment.ProcessId} (");
        error.Message.ShouldContain("--http-port");
    }

    [Fact]
    public void Port_of_mqtt_counts_only_for_roles_that_listen_there()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        var options = Load(Path.GetTempPath(), ("Http:Port", "0"), ("Edge:Listeners:0:Port", $"{((IPEndPoint)other.LocalEndpoint).Port}"));

        Should.Throw<IOException>(() => Preflight.CheckPorts(options, Roles.All)).Message.ShouldContain("--mqtt-port");
        Should.NotThrow(() => Preflight.CheckPorts(options, Roles.Query));
    }

    [Fact]
    public void Data_directory_in_use_is_told_with_who_has_it_before_anything_is_opened()
    {
        using var folder = new TemporaryDirectory();
        var options = Load(folder.Path, ("Http:Port", "0"), ("Edge:Listeners:0:Port", "0"));
        Preflight.Check(options, Roles.All);
        Directory.CreateDirectory(options.Journal.Directory);
        using var held = new FileStream(Path.Combine(options.Journal.Directory, "LOCK"), FileMode.Create, FileAccess.ReadWrite, FileShare.None);

        var error = Should.Throw<IOException>(() => Preflight.Check(options, Roles.All));

        error.Message.ShouldStartWith($"The data directory {options.Data} is in use by process {Environment.ProcessId} (");
        error.Message.ShouldContain("--data DIR");
        Directory.GetFileSystemEntries(folder.Path).ShouldBe([options.Journal.Directory]);
    }

    [Fact]
    public void Instance_that_was_killed_does_not_run_although_another_process_has_its_id()
    {
        using var folder = new TemporaryDirectory();
        var options = Load(folder.Path);
        InstanceFile.IsRunning(options).ShouldBeFalse();
        Directory.CreateDirectory(options.Journal.Directory);
        var instance = new DataDirectory(options.Data).Instance;
        File.WriteAllText(instance, $$"""{"pid": {{Environment.ProcessId}}, "http": "127.0.0.1:1"}""");
        InstanceFile.IsRunning(options).ShouldBeFalse("nobody holds the journal");

        using (new FileStream(Path.Combine(options.Journal.Directory, "LOCK"), FileMode.Create, FileAccess.ReadWrite, FileShare.None))
        {
            InstanceFile.IsRunning(options).ShouldBeTrue();
        }

        InstanceFile.IsRunning(options).ShouldBeFalse("the operating system has let go of the lock");

        // Over a cluster the process alone tells; one that began later is another one.
        var cluster = Load(folder.Path, ("Kafka:BootstrapServers", "127.0.0.1:1"));
        InstanceFile.IsRunning(cluster).ShouldBeTrue();
        File.SetLastWriteTimeUtc(instance, Process.GetCurrentProcess().StartTime.ToUniversalTime().AddMinutes(-1));
        InstanceFile.IsRunning(cluster).ShouldBeFalse();
    }

    private static TelemetryOptions Load(string data, params (string Key, string Value)[] settings) => ConfigurationLoader.Load(
        null, settings.Select(s => new KeyValuePair<string, string?>(s.Key, s.Value)).Append(new("Data", data)));
}
