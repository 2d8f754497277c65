using System.Globalization;
using System.Text.RegularExpressions;
using Telemetry.Testing;
using Telemetry.Tests.Support;

namespace Telemetry.IntegrationTests.Deploy;

/// <summary>
/// What Docker's network, volumes and secrets give the containers, given to plain processes: every host and port of the compose
/// file stands for one on loopback, every mounted file for one in a folder.
/// </summary>
internal sealed partial class LoopbackNetwork(string directory)
{
    private readonly Dictionary<string, string> _addresses = [];

    /// <summary>Says where <c>host:port</c> of the compose file is; the same again for the same.</summary>
    public string this[string address] => _addresses.TryGetValue(address, out var known)
        ? known
        : _addresses[address] = $"127.0.0.1:{FreePorts.Find().ToString(CultureInfo.InvariantCulture)}";

    /// <summary>Where a server that is not ours runs.</summary>
    public void Place(string address, string at) => _addresses[address] = at;

    /// <summary>A service's variables with its own addresses and files, and those of its peers, as they are here.</summary>
    public Dictionary<string, string> Translate(ComposedService service)
    {
        var data = Directory.CreateDirectory(Path.Combine(directory, service.Name)).FullName;
        var environment = service.Environment.ToDictionary(
            e => e.Key,
            e => File(Url().Replace(e.Value, match => "http://" + this[match.Groups[1].Value])));
        environment["TELEMETRY__DATA"] = data;
        Listen(environment, service.Name, "TELEMETRY__HTTP__ADDRESS", "TELEMETRY__HTTP__PORT");
        Listen(environment, service.Name, "TELEMETRY__EDGE__LISTENERS__0__ADDRESS", "TELEMETRY__EDGE__LISTENERS__0__PORT");
        if (environment.TryGetValue("TELEMETRY__SIMULATOR__HOST", out var host))
        {
            var broker = this[$"{host}:{environment["TELEMETRY__SIMULATOR__PORT"]}"].Split(':');
            (environment["TELEMETRY__SIMULATOR__HOST"], environment["TELEMETRY__SIMULATOR__PORT"]) = (broker[0], broker[1]);
        }

        if (environment.TryGetValue("TELEMETRY__KAFKA__BOOTSTRAPSERVERS", out var brokers))
        {
            environment["TELEMETRY__KAFKA__BOOTSTRAPSERVERS"] = this[brokers];
        }

        return environment;
    }

    /// <summary>Where a secret's file is here.</summary>
    public string Secret(string name) => Path.Combine(directory, name);

    /// <summary>A service's arguments, with its files as they are here.</summary>
    public string[] Arguments(ComposedService service) => [.. service.Command.Select(File)];

    private string File(string value) => value switch
    {
        // One volume under two paths: who makes users writes it, who asks for passwords reads it.
        "/data/users" or "/etc/telemetry/users/users" => Path.Combine(Directory.CreateDirectory(Path.Combine(directory, "users-volume")).FullName, "users"),
        "/etc/telemetry/rules" => Path.Combine(Repository.Root, "deploy", "mqtt", "rules"),
        _ => value.StartsWith("/run/secrets/", StringComparison.Ordinal) ? Secret(Path.GetFileName(value)) : value,
    };

    private void Listen(Dictionary<string, string> environment, string service, string address, string port)
    {
        if (environment.TryGetValue(port, out var inside))
        {
            var outside = this[$"{service}:{inside}"].Split(':');
            (environment[address], environment[port]) = (outside[0], outside[1]);
        }
    }

    [GeneratedRegex(@"http://([a-z][a-z0-9-]*:\d+)")]
    private static partial Regex Url();
}
