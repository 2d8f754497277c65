using Telemetry.Tests.Deploy;
using YamlDotNet.RepresentationModel;

namespace Telemetry.IntegrationTests.Deploy;

/// <summary>A service of ours in the resolved compose file: what its container would run, see and be asked.</summary>
/// <param name="Name">Of the service.</param>
/// <param name="Command">Arguments of the executable.</param>
/// <param name="Environment">Its variables.</param>
/// <param name="HealthCheck">Arguments of the executable in the health check; empty for a one-shot.</param>
internal sealed record ComposedService(
    string Name, string[] Command, IReadOnlyDictionary<string, string> Environment, string[] HealthCheck)
{
    private const string Executable = "/app/telemetry.dll";

    /// <summary>All services that run our image, under a profile.</summary>
    public static IReadOnlyDictionary<string, ComposedService> Load(string profile) =>
        Yaml.Documents(DeployTool.ResolveCompose(profile)).Single().Pairs("services")
            .Where(s => s.Value.Text("image").StartsWith("telemetry:", StringComparison.Ordinal))
            .ToDictionary(s => s.Key, s => Read(s.Key, s.Value));

    private static ComposedService Read(string name, YamlNode node)
    {
        string[] command = [.. Behind(Texts(node, "entrypoint")), .. Texts(node, "command")];
        return new ComposedService(name, command, node.Map("environment"), Behind(Texts(node, "healthcheck", "test")));
    }

    /// <summary>The executable's arguments in a command line; none where it is not named.</summary>
    private static string[] Behind(string[] words)
    {
        var executable = Array.IndexOf(words, Executable);
        return executable < 0 ? [] : words[(executable + 1)..];
    }

    private static string[] Texts(YamlNode node, params string[] path) => [.. node.Items(path).Select(i => i.ToString())];
}
