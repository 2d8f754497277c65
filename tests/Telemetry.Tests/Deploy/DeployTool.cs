using System.Diagnostics;
using Telemetry.Tests.Support;

namespace Telemetry.Tests.Deploy;

/// <summary>Runs what users run on the files under deploy/: helm, docker compose, promtool. Missing ones skip the test by name.</summary>
internal static class DeployTool
{
    private static readonly string Shared = Path.Combine(Repository.Root, "..", "shared", "tools");

    /// <summary>Helm on PATH, else beside the checkout.</summary>
    public static string Helm() => OnPath("helm") ?? BesideCheckout("helm") ?? Skip("helm");

    /// <summary>Prometheus' own checker on PATH.</summary>
    public static string Promtool() => OnPath("promtool") ?? Skip("promtool");

    /// <summary>The compose file as Docker resolves it for these profiles: <c>docker compose</c>, else its loader beside the checkout.</summary>
    public static string ResolveCompose(params string[] profiles)
    {
        var file = Path.Combine(Repository.Root, "docker-compose.yml");
        if (OnPath("docker") is { } docker && Run(docker, "compose", "version").Code == 0)
        {
            return Succeed(docker, ["compose", "-f", file, .. profiles.SelectMany(p => new[] { "--profile", p }), "config"]);
        }

        return BesideCheckout("composecheck") is { } loader
            ? Succeed(loader, [file, .. profiles])
            : Skip("docker compose");
    }

    /// <summary>Output of a run that must end well.</summary>
    public static string Succeed(string tool, params string[] arguments)
    {
        var (code, output, errors) = Run(tool, arguments);
        code.ShouldBe(0, $"{Path.GetFileName(tool)} {string.Join(' ', arguments)}\n{output}\n{errors}");
        return output;
    }

    public static (int Code, string Output, string Errors) Run(string tool, params string[] arguments)
    {
        var start = new ProcessStartInfo(tool)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Repository.Root,
        };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, output, errors.GetAwaiter().GetResult());
    }

    private static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static string? BesideCheckout(string name) =>
        Path.Combine(Shared, name) is var path && File.Exists(path) ? path : null;

    private static string Skip(string name)
    {
        Assert.Skip($"{name} is neither on PATH nor beside the checkout");
        return name;
    }
}
