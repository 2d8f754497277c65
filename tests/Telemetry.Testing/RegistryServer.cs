using System.Diagnostics;

namespace Telemetry.Testing;

/// <summary>
/// A real schema registry for tests: the one <c>TELEMETRY_SCHEMA_REGISTRY</c> names (base URL), or one of its own on loopback,
/// started by <c>registry.sh</c> in <c>../shared/schema-registry</c> beside the checkout (needs Java 17).
/// </summary>
public sealed class RegistryServer : IAsyncDisposable
{
    private readonly string? _directory;

    private RegistryServer(string url, string? directory)
    {
        (Url, _directory) = (new Uri(url.Trim()), directory);
    }

    /// <summary>Base URL for clients of the Confluent API.</summary>
    public Uri Url { get; }

    /// <summary>Why there can be no registry, for <c>Assert.Skip</c>; null when there can.</summary>
    /// <param name="own">True: the test kills or pauses it, so it needs one of its own.</param>
    public static string? MissingReason(bool own = false) =>
        (External is not null && !own) || Script is not null
            ? null
            : "no schema registry: set TELEMETRY_SCHEMA_REGISTRY=url to a running one" + (own ? " (not for this test)" : "");

    /// <summary>The external one, or one of our own.</summary>
    public static async Task<RegistryServer> AnyAsync() => External is { } url ? new RegistryServer(url, null) : await StartAsync();

    /// <summary>Starts one of our own, empty: about 3 s.</summary>
    public static async Task<RegistryServer> StartAsync()
    {
        var directory = Directory.CreateTempSubdirectory("telemetry-registry-").FullName;
        try
        {
            return new RegistryServer(await RunAsync("start", directory), directory);
        }
        catch (InvalidOperationException)
        {
            await RunAsync("destroy", directory);
            throw;
        }
    }

    /// <summary>SIGKILL: an outage. What was registered stays on disk.</summary>
    public Task KillAsync() => RunAsync("kill", Own);

    /// <summary>Starts it again on its data and its port; returns when it answers.</summary>
    public Task RestartAsync() => RunAsync("start", Own);

    /// <summary>SIGSTOP: it takes connections and answers nothing.</summary>
    public Task PauseAsync() => RunAsync("pause", Own);

    /// <summary>SIGCONT.</summary>
    public Task ResumeAsync() => RunAsync("resume", Own);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_directory is not null)
        {
            await RunAsync("destroy", _directory);
        }
    }

    private string Own => _directory ?? throw new InvalidOperationException("This registry is not ours to stop.");

    private static string? External => Environment.GetEnvironmentVariable("TELEMETRY_SCHEMA_REGISTRY") is { Length: > 0 } url ? url : null;

    private static string? Script
    {
        get
        {
            for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
            {
                if (File.Exists(Path.Combine(folder.FullName, "Telemetry.sln")))
                {
                    var script = Path.Combine(folder.FullName, "..", "shared", "schema-registry", "registry.sh");
                    return File.Exists(script) ? script : null;
                }
            }

            return null;
        }
    }

    private static async Task<string> RunAsync(string command, string directory)
    {
        var start = new ProcessStartInfo(Script ?? throw new InvalidOperationException(MissingReason(own: true)), [command, directory])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();

        // The server keeps the pipe open, so the URL is one line and not all there is.
        var line = command == "start" ? await process.StandardOutput.ReadLineAsync() : "";
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        await process.WaitForExitAsync(limit.Token);
        return process.ExitCode == 0 && line is not null
            ? line
            : throw new InvalidOperationException($"registry.sh {command} ended with {process.ExitCode}: {await errors}");
    }
}
